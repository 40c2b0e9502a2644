using System.Collections.Concurrent;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace HyperKernels.Tests.Arguments;

/// <summary>Every public constructor, method and property of the packages, and what makes an object of a type.</summary>
internal static class PublicMembers
{
    private const BindingFlags Declared = BindingFlags.Public | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    private static readonly Lazy<ILookup<Type, MethodBase>> s_makers = new(() => All!.Where(member => Made(member) is not null).ToLookup(member => Made(member)!));

    private static readonly ConcurrentDictionary<Type, IReadOnlyList<Type>> s_concrete = new();

    /// <summary>The packages that are walked.</summary>
    public static IReadOnlyList<Assembly> Assemblies { get; } =
    [
        typeof(Tensor).Assembly, typeof(HyperKernels.Models.PublishedSystem).Assembly,
        typeof(HyperKernels.Interchange.PngFile).Assembly, typeof(HyperKernels.Distributed.Shuffle).Assembly, typeof(HyperKernels.Gpu.GpuBackends).Assembly,
    ];

    /// <summary>Types that somebody outside can name, exceptions and delegates left out; of generic ones the form with floats or, where it must be a class, tensors' own.</summary>
    public static IReadOnlyList<Type> Types { get; } =
    [
        .. Assemblies.SelectMany(assembly => assembly.GetExportedTypes()).Where(type => !typeof(Exception).IsAssignableFrom(type)
            && !typeof(Delegate).IsAssignableFrom(type) && !typeof(Attribute).IsAssignableFrom(type) && !type.IsEnum).Select(Closed)
            .OfType<Type>().OrderBy(type => type.FullName, StringComparer.Ordinal),
    ];

    /// <summary>What can be called, in the order of names: the same on every machine.</summary>
    public static IReadOnlyList<MethodBase> All { get; } =
    [
        .. Types.Where(type => !type.IsInterface).SelectMany(Members).OrderBy(Name, StringComparer.Ordinal),
    ];

    /// <summary><c>Type.Method(Parameter, ...)</c>.</summary>
    public static string Name(MethodBase member) =>
        $"{Short(member.DeclaringType!)}.{(member.IsConstructor ? "new" : member.Name)}({string.Join(", ", member.GetParameters().Select(p => Short(p.ParameterType)))})";

    /// <summary>Constructors, static methods and methods of other objects that give a type.</summary>
    public static IEnumerable<MethodBase> MakersOf(Type type) => s_makers.Value[type];

    /// <summary>The types that may stand for an abstract one, those that are easy to make first.</summary>
    public static IReadOnlyList<Type> Concrete(Type type) => s_concrete.GetOrAdd(type, static abstracted =>
    [
        .. Types.Where(known => known is { IsAbstract: false, IsInterface: false } && abstracted.IsAssignableFrom(known))
            .OrderBy(known => known.GetConstructors().Select(Needed).DefaultIfEmpty(9).Min()),
    ]);

    // What a constructor needs counts, what it may take decides between equals.
    private static double Needed(ConstructorInfo constructor) =>
        constructor.GetParameters().Count(parameter => !parameter.IsOptional) + (constructor.GetParameters().Length / 100.0);

    public static string Short(Type type) =>
        type.IsByRef ? Short(type.GetElementType()!)
        : type.IsArray ? $"{Short(type.GetElementType()!)}[]"
        : type.IsGenericType ? $"{type.Name.Split('`')[0]}<{string.Join(", ", type.GetGenericArguments().Select(Short))}>"
        : type is { IsNested: true, DeclaringType: { } outer } && !type.IsGenericParameter ? $"{Short(outer)}.{type.Name}"
        : type.Name;

    private static IEnumerable<MethodBase> Members(Type type)
    {
        foreach (ConstructorInfo constructor in type.IsAbstract ? [] : type.GetConstructors())
        {
            yield return constructor;
        }
        foreach (MethodInfo method in type.GetMethods(Declared))
        {
            if (!method.IsAbstract && !IsMadeByTheCompiler(method) && Closed(method) is { } closed && !closed.GetParameters().Any(p => p.ParameterType.IsPointer))
            {
                yield return closed;
            }
        }
    }

    // What records and structures get without being written; their operators compare fields.
    private static bool IsMadeByTheCompiler(MethodInfo method) =>
        method.IsDefined(typeof(CompilerGeneratedAttribute)) && !method.IsSpecialName || method.Name is "<Clone>$";

    private static Type? Made(MethodBase member)
    {
        Type? made = member is MethodInfo method ? method.ReturnType : member.DeclaringType;
        return made is { IsByRef: false, IsByRefLike: false } && Assemblies.Contains(made.Assembly) ? made : null;
    }

    private static Type? Closed(Type type)
    {
        if (!type.ContainsGenericParameters)
        {
            return type;
        }
        try
        {
            return type.MakeGenericType([.. type.GetGenericArguments().Select(_ => typeof(string))]);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    private static MethodInfo? Closed(MethodInfo method)
    {
        if (!method.ContainsGenericParameters)
        {
            return method;
        }
        foreach (Type standIn in (Type[])[typeof(float), typeof(string), typeof(HyperKernels.Layers.Relu)])
        {
            try
            {
                return method.MakeGenericMethod([.. method.GetGenericArguments().Select(_ => standIn)]);
            }
            catch (ArgumentException)
            {
                // Does not fit what the method asks of it.
            }
        }
        return null;
    }
}
