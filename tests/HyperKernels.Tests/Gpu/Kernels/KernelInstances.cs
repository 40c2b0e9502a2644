using System.Reflection;
using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu.Kernels;

/// <summary>Every kernel of the GPU side: generic ones once for each structure that their constraints allow.</summary>
internal static class KernelInstances
{
    private static readonly Assembly s_assembly = typeof(KernelAttribute).Assembly;

    internal static IReadOnlyList<MethodInfo> All { get; } =
    [
        .. from type in s_assembly.GetTypes()
           from method in type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
           where method.GetCustomAttribute<KernelAttribute>() is not null
           from instance in Close(method)
           orderby KernelLoader.NameOf(instance)
           select instance
    ];

    private static IEnumerable<MethodInfo> Close(MethodInfo method) =>
        method.IsGenericMethodDefinition
            ? Choices(method.GetGenericArguments()).Select(arguments => method.MakeGenericMethod(arguments))
            : [method];

    // All combinations of what the parameters may be.
    private static IEnumerable<Type[]> Choices(Type[] parameters) => parameters.Aggregate(
        (IEnumerable<Type[]>)[[]],
        (chosen, parameter) => chosen.SelectMany(before => Candidates(parameter).Select(type => (Type[])[.. before, type])));

    private static IEnumerable<Type> Candidates(Type parameter)
    {
        Type[] wanted = [.. parameter.GetGenericParameterConstraints().Where(constraint => constraint.IsInterface)];
        return
            from type in s_assembly.GetTypes()
            where type.IsValueType && wanted.Length > 0 && wanted.All(constraint => Implements(type, constraint))
            from closed in type.IsGenericTypeDefinition ? Choices(type.GetGenericArguments()).Select(arguments => type.MakeGenericType(arguments)) : [type]
            select closed;
    }

    // The constraint may name the parameter itself: IVector<T> of T is asked of F4 as IVector<F4>.
    private static bool Implements(Type type, Type constraint) => type.GetInterfaces().Any(known =>
        known == constraint || (constraint.IsGenericType && known.IsGenericType && known.GetGenericTypeDefinition() == constraint.GetGenericTypeDefinition()));
}
