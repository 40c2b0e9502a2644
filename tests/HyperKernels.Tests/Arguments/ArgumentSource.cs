using System.Collections;
using System.Linq.Expressions;
using System.Reflection;
using System.Runtime.CompilerServices;
using HyperKernels.Layers;

namespace HyperKernels.Tests.Arguments;

/// <summary>
/// Draws arguments of any type: plausible ones, of one size all through a call so that shapes mostly fit, and bad ones. Everything follows from the seed.
/// </summary>
internal sealed class ArgumentSource(int seed, WalkDevices devices, string folder, int mostCounted)
{
    private const int Deepest = 4;

    // Objects are made of objects: so many are tried for one call.
    private const int MostMade = 30;

    private static readonly string[] s_counted =
    [
        "layers", "depth", "count", "copies", "steps", "rounds", "epochs", "iterations", "blocks", "heads", "experts", "passes", "samples", "levels", "repeats", "tasks",
    ];

    private static readonly NullabilityInfoContext s_nullability = new();

    private readonly Random _random = new(seed);
    private readonly int _size = 1 << new Random(seed).Next(1, 3);
    private int _made;

    /// <summary>A receiver for a method: an object that works, now and then one that was disposed.</summary>
    public object? Receiver(Type type, bool bad)
    {
        object? made = bad && type.IsValueType ? RuntimeHelpers.GetUninitializedObject(type) : Good(type, null, 0);
        if (bad && made is IDisposable disposable)
        {
            disposable.Dispose();
        }
        return made;
    }

    /// <summary>What a parameter is meant to get.</summary>
    public object? Good(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        if (parameter.IsOptional && Chance(0.6))
        {
            return parameter.DefaultValue is { } given && given is not DBNull ? Converted(given, type) : Default(type);
        }
        return !type.IsValueType && Chance(0.3) && AllowsNull(parameter) ? null : Good(type, parameter.Name, 0);
    }

    /// <summary>What a parameter must not or need not get.</summary>
    public object? Bad(ParameterInfo parameter)
    {
        Type type = parameter.ParameterType.IsByRef ? parameter.ParameterType.GetElementType()! : parameter.ParameterType;
        return Bad(type, parameter.Name, 0);
    }

    /// <summary>An object of a type from the public members that give one; null where none of a few tries worked.</summary>
    public object? Good(Type type, string? name, int depth)
    {
        if (Simple(type, name) is { } simple)
        {
            return simple;
        }
        if (Composed(type, name, depth, Good) is { } composed)
        {
            return composed;
        }
        return depth > Deepest || !PublicMembers.Assemblies.Contains(type.Assembly) ? null : Made(type, depth);
    }

    private object? Bad(Type type, string? name, int depth)
    {
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Bad(underlying, name, depth);
        }
        if (type == typeof(Tensor))
        {
            return BadTensor();
        }
        if (type == typeof(int))
        {
            // As many objects are made, or steps gone, as are asked for: huge numbers of them would only take long.
            int huge = Array.Exists(s_counted, word => (name ?? "").Contains(word, StringComparison.OrdinalIgnoreCase)) ? mostCounted : int.MaxValue;
            return Any<int>(0, -1, int.MinValue, huge, _size + 1, 3, Math.Min(huge, 65536));
        }
        if (type == typeof(long))
        {
            return Any<long>(0, -1, long.MinValue, long.MaxValue, _size + 1, int.MaxValue);
        }
        if (type == typeof(float))
        {
            return Any(0f, -1f, float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.Epsilon, float.MaxValue, -0f);
        }
        if (type == typeof(double))
        {
            return Any(0d, -1d, double.NaN, double.PositiveInfinity, double.NegativeInfinity, double.Epsilon, double.MaxValue, -0d);
        }
        if (type == typeof(string))
        {
            string inside = Path.Combine(folder, "a.safetensors", "below");
            return IsPath((name ?? "").ToLowerInvariant())
                ? Any<string?>(null, "", "\0", inside, folder, Path.Combine(folder, new string('x', 5000)), Path.Combine(folder, "other\nlines"))
                : Any<string?>(null, "", " ", Verdict.TwoLines, "\0", new string('x', 5000), "..", "\ud800");
        }
        if (type.IsEnum)
        {
            return Enum.ToObject(type, Any(-1, 99, int.MaxValue));
        }
        if (type == typeof(CancellationToken))
        {
            return new CancellationToken(canceled: true);
        }
        if (type == typeof(TimeSpan))
        {
            return Any(TimeSpan.Zero, TimeSpan.FromSeconds(-1), TimeSpan.MinValue, TimeSpan.MaxValue);
        }
        if (type == typeof(Shape))
        {
            return Any<Shape>([], [0], [_size + 1, _size], [65536, 65536], [int.MaxValue, 65536], [1, 1, 1, 1, 1], default);
        }
        if (type == typeof(Device))
        {
            return Chance(0.5) ? null : devices.Other;
        }
        if (Elements(type) is not null)
        {
            return Chance(0.2) && !type.IsByRefLike ? null
                : Chance(0.25) ? Composed(type, name, depth, Good, length: 0)
                : Composed(type, name, depth, Bad, length: Any(1, _size, _size + 1));
        }
        if (typeof(Delegate).IsAssignableFrom(type))
        {
            return Chance(0.5) ? null : Function(type, depth, (returned, _, _) => Default(returned));
        }
        if (type.IsValueType)
        {
            return Chance(0.5) ? RuntimeHelpers.GetUninitializedObject(type) : WithBadProperty(Good(type, name, depth + 1), depth) ?? RuntimeHelpers.GetUninitializedObject(type);
        }
        double kind = _random.NextDouble();
        object? made = kind < 0.5 || depth > 2 ? null : Good(type, name, depth + 1);
        if (kind > 0.75 && made is IDisposable disposable and not Device)
        {
            disposable.Dispose();
            return made;
        }
        return WithBadProperty(made, depth);
    }

    // Options are given by properties: one of them becomes bad.
    private object? WithBadProperty(object? made, int depth)
    {
        made = OwnCopy(made);
        PropertyInfo[] settable = made is null or Tensor or Device ? [] : Settable(made);
        if (settable.Length > 0)
        {
            PropertyInfo property = settable[_random.Next(settable.Length)];
            try
            {
                property.SetValue(made, Bad(property.PropertyType, property.Name, depth + 1));
            }
            catch (Exception failure) when (failure is TargetInvocationException or ArgumentException)
            {
                // Refused at once: walked as a member of its own.
            }
        }
        return made;
    }

    // Presets that all share are changed by copies, as their users do.
    private static object? OwnCopy(object? made) => made?.GetType().GetMethod("<Clone>$") is { } copy ? copy.Invoke(made, null) : made;

    private static PropertyInfo[] Settable(object made) => !PublicMembers.Assemblies.Contains(made.GetType().Assembly)
        ? []
        : [.. made.GetType().GetProperties().Where(property => property.SetMethod is { IsPublic: true, IsStatic: false } && property.GetIndexParameters().Length == 0)];

    private object? Simple(Type type, string? name)
    {
        string role = (name ?? "").ToLowerInvariant();
        if (Nullable.GetUnderlyingType(type) is { } underlying)
        {
            return Simple(underlying, name);
        }
        if (type == typeof(Tensor))
        {
            bool whole = (role.Contains("label", StringComparison.Ordinal) || role.Contains("ind", StringComparison.Ordinal) || role.Contains("position", StringComparison.Ordinal)
                || role.Contains("ids", StringComparison.Ordinal) || role.Contains("task", StringComparison.Ordinal)) && Chance(0.6);
            return MakeTensor([.. Enumerable.Repeat(_size, Any(2, 2, 2, 1, 3, 4, 0))], whole, devices.Main);
        }
        if (type == typeof(Device))
        {
            return devices.Main;
        }
        if (type == typeof(Shape))
        {
            return new Shape([.. Enumerable.Repeat(_size, Any(1, 2, 2, 3, 4))]);
        }
        if (type == typeof(int))
        {
            return role.Contains("axis", StringComparison.Ordinal) || role.Contains("start", StringComparison.Ordinal) ? Any(0, 1, -1) : Any(_size, _size, 1, 2);
        }
        if (type == typeof(string))
        {
            return IsPath(role) ? Path.Combine(folder, Any("a.safetensors", "b.bin", "new", ".")) : Any("a", "b", "weight");
        }
        if (type == typeof(object))
        {
            return "object";
        }
        return type == typeof(long) ? (long)_size
            : type == typeof(float) ? Any(0.5f, 0.1f, 1f)
            : type == typeof(double) ? Any(0.5, 0.1, 1.0)
            : type == typeof(bool) ? Chance(0.5)
            : type == typeof(byte) ? (byte)1
            : type == typeof(ulong) ? 7ul
            : type == typeof(uint) ? 7u
            : type == typeof(char) ? 'a'
            : type == typeof(ushort) ? (ushort)_size
            : type == typeof(TimeSpan) ? TimeSpan.FromMilliseconds(5)
            : type == typeof(DateTime) ? DateTime.UnixEpoch
            : type == typeof(CancellationToken) ? CancellationToken.None
            : type == typeof(Random) ? new Random(seed)
            : type == typeof(Type) ? typeof(Relu)
            : type == typeof(Stream) ? new MemoryStream()
            : type == typeof(TextWriter) ? new StringWriter()
            : type == typeof(TextReader) ? new StringReader("0 1\n1 2\n")
            : type == typeof(Exception) ? new InvalidOperationException("told")
            : type == typeof(IProgress<float>) ? null
            : type.IsEnum ? Enum.GetValuesAsUnderlyingType(type) is { Length: > 0 } values ? Enum.ToObject(type, values.GetValue(_random.Next(values.Length))!) : null
            : null;
    }

    // Arrays, lists, tables, tuples and functions, from their parts.
    private object? Composed(Type type, string? name, int depth, Func<Type, string?, int, object?> part, int length = -1)
    {
        if (typeof(Delegate).IsAssignableFrom(type) && !type.IsAbstract)
        {
            return Function(type, depth, part);
        }
        if (type is { IsGenericType: true, IsValueType: true } && (typeof(ITuple).IsAssignableFrom(type) || type.GetGenericTypeDefinition() == typeof(KeyValuePair<,>)))
        {
            return Activator.CreateInstance(type, [.. type.GetGenericArguments().Select(argument => part(argument, name, depth + 1) ?? Default(argument))]);
        }
        if (Elements(type) is not { } element)
        {
            return null;
        }
        if (type.IsArray && type.GetArrayRank() > 1)
        {
            return Array.CreateInstance(element, [.. Enumerable.Repeat(_size, type.GetArrayRank())]);
        }
        int count = length >= 0 ? length : _size;
        Array items = Array.CreateInstance(element, count);
        for (int i = 0; i < count; i++)
        {
            // Whole numbers in lists are mostly places.
            bool isPlace = part == Good && element == typeof(int) && length < 0 && Chance(0.5);
            items.SetValue(isPlace ? i % _size : part(element, name, depth + 1), i);
        }
        if (type.IsArray || type.IsByRefLike || type.IsAssignableFrom(items.GetType()))
        {
            return items;
        }
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>))
        {
            return null;
        }
        if (type.IsGenericType && (type.GetGenericTypeDefinition() == typeof(ReadOnlyMemory<>) || type.GetGenericTypeDefinition() == typeof(Memory<>)))
        {
            return Activator.CreateInstance(type, items);
        }
        return Collection(type, element, items);
    }

    private static object? Collection(Type type, Type element, Array items)
    {
        if (element is { IsGenericType: true } && element.GetGenericTypeDefinition() == typeof(KeyValuePair<,>))
        {
            IDictionary table = (IDictionary)Activator.CreateInstance(typeof(Dictionary<,>).MakeGenericType(element.GetGenericArguments()))!;
            foreach (object pair in items)
            {
                if (element.GetProperty("Key")!.GetValue(pair) is { } key)
                {
                    table[key] = element.GetProperty("Value")!.GetValue(pair);
                }
            }
            return type.IsInstanceOfType(table) ? table : null;
        }
        Type list = typeof(List<>).MakeGenericType(element);
        Type set = typeof(HashSet<>).MakeGenericType(element);
        Type? fitting = type.IsAssignableFrom(list) ? list : type.IsAssignableFrom(set) ? set : null;
        return fitting is null ? null : Activator.CreateInstance(fitting, items);
    }

    private Delegate Function(Type type, int depth, Func<Type, string?, int, object?> part)
    {
        MethodInfo invoke = type.GetMethod("Invoke")!;
        ParameterExpression[] parameters = [.. invoke.GetParameters().Select(p => Expression.Parameter(p.ParameterType))];
        Type returned = invoke.ReturnType;
        if (returned == typeof(void))
        {
            return Expression.Lambda(type, Expression.Empty(), parameters).Compile();
        }
        // A function of a tensor to a tensor gives back what it got: shapes stay what they were.
        if (parameters.FirstOrDefault(p => p.Type == returned) is { } same && part == Good)
        {
            return Expression.Lambda(type, same, parameters).Compile();
        }
        object? value = returned.IsByRefLike ? null : part(returned, null, depth + 1) ?? Default(returned);
        Expression body = returned.IsByRefLike ? Expression.Default(returned) : Expression.Constant(value, returned);
        return Expression.Lambda(type, body, parameters).Compile();
    }

    private object? Made(Type type, int depth)
    {
        IReadOnlyList<Type> forms = type.IsAbstract || type.IsInterface ? PublicMembers.Concrete(type) : [type];
        // Deep down the simplest will do.
        int choices = depth > 0 ? Math.Min(forms.Count, 6) : forms.Count;
        int attempts = depth > 1 ? 3 : 8;
        for (int attempt = 0; attempt < attempts && choices > 0 && _made++ < MostMade; attempt++)
        {
            Type form = forms[_random.Next(choices)];
            MethodBase[] makers = [.. PublicMembers.MakersOf(form).Where(maker => !Skips.IsSkipped(maker))];
            MethodBase[] direct = [.. makers.Where(maker => maker.IsConstructor || (maker.IsStatic && maker.DeclaringType == form))];
            MethodBase[] chosen = direct.Length > 0 && attempt < attempts - 2 ? direct : makers;
            if (chosen.Length == 0)
            {
                continue;
            }
            if (Run(chosen[_random.Next(chosen.Length)], depth) is { } made)
            {
                return WithRequired(made, depth);
            }
        }
        return null;
    }

    private object? Run(MethodBase maker, int depth)
    {
        object? receiver = maker.IsStatic || maker.IsConstructor ? null : Good(maker.DeclaringType!, null, depth + 1);
        if (receiver is null && !maker.IsStatic && !maker.IsConstructor)
        {
            return null;
        }
        ParameterInfo[] parameters = maker.GetParameters();
        object?[] arguments = new object?[parameters.Length];
        for (int i = 0; i < parameters.Length; i++)
        {
            Type type = parameters[i].ParameterType.IsByRef ? parameters[i].ParameterType.GetElementType()! : parameters[i].ParameterType;
            arguments[i] = parameters[i].IsOptional && Chance(0.8) && parameters[i].DefaultValue is not DBNull
                ? parameters[i].DefaultValue is { } given ? Converted(given, type) : Default(type)
                : Good(type, parameters[i].Name, depth + 1) ?? Default(type);
        }
        try
        {
            return Invokers.Of(maker)?.Invoke(receiver, arguments);
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            return null;
        }
    }

    private object WithRequired(object made, int depth)
    {
        made = OwnCopy(made)!;
        foreach (PropertyInfo property in made.GetType().GetProperties().Where(property => property.IsDefined(typeof(RequiredMemberAttribute))))
        {
            property.SetValue(made, Good(property.PropertyType, property.Name, depth + 1));
        }
        // Options begin with the sizes of a paper, which take seconds.
        foreach (PropertyInfo property in Settable(made).Where(property => property.PropertyType == typeof(int) && property.GetValue(made) is > 16))
        {
            property.SetValue(made, _size);
        }
        return made;
    }

    private object BadTensor()
    {
        switch (_random.Next(10))
        {
            case 0:
                return default(Tensor);
            case 1:
                Tensor disposed = MakeTensor([_size, _size], false, devices.Main);
                disposed.Dispose();
                return disposed;
            case 2:
                using (MemoryScope ended = devices.Main.Scope())
                {
                    return MakeTensor([_size, _size], false, devices.Main);
                }
            case 3:
                return MakeTensor([_size, _size], false, devices.Other);
            case 4:
                return MakeTensor([_size + 1, _size], false, devices.Main);
            case 5:
                return MakeTensor([.. Enumerable.Repeat(_size, Any(0, 1, 3, 4, 5))], Chance(0.2), devices.Main);
            case 6:
                return MakeTensor([_size, _size], true, devices.Main);
            case 7:
                return MakeTensor(Any<int[]>([0, _size], [_size, 0], [0], [_size, _size, 0], [_size, _size, _size, 0]), false, devices.Main);
            case 8:
                return Tensor.Full([_size, _size], Any(float.NaN, float.PositiveInfinity, -1e30f), devices.Main);
            default:
                return Tensor.From([-1, int.MaxValue], [2], devices.Main);
        }
    }

    private Tensor MakeTensor(int[] sizes, bool whole, Device device)
    {
        Shape shape = new(sizes);
        return whole
            ? Tensor.From([.. Enumerable.Range(0, (int)shape.Count).Select(i => i % _size)], shape, device)
            : Tensor.From([.. Enumerable.Range(0, (int)shape.Count).Select(i => ((i * 7 % 11) - 4) / 8f)], shape, device);
    }

    private static bool AllowsNull(ParameterInfo parameter)
    {
        lock (s_nullability)
        {
            return s_nullability.Create(parameter).WriteState == NullabilityState.Nullable;
        }
    }

    private static Type? Elements(Type type) =>
        type.IsArray ? type.GetElementType()
        : Invoker.SpanElement(type) is { } element ? element
        : type == typeof(string) || !type.IsGenericType ? null
        : type.GetGenericTypeDefinition() is { } open && (open == typeof(ReadOnlyMemory<>) || open == typeof(Memory<>) || open == typeof(IAsyncEnumerable<>))
            ? type.GetGenericArguments()[0]
        : type.Namespace?.StartsWith("System", StringComparison.Ordinal) != true ? null
        : new[] { type }.Concat(type.GetInterfaces())
            .FirstOrDefault(known => known.IsGenericType && known.GetGenericTypeDefinition() == typeof(IEnumerable<>))?.GetGenericArguments()[0];

    private static bool IsPath(string role) =>
        role.Contains("path", StringComparison.Ordinal) || role.Contains("file", StringComparison.Ordinal) || role.Contains("folder", StringComparison.Ordinal)
        || role.Contains("directory", StringComparison.Ordinal);

    private static object? Default(Type type) =>
        type.IsValueType && !type.IsByRefLike && Nullable.GetUnderlyingType(type) is null ? RuntimeHelpers.GetUninitializedObject(type) : null;

    private static object Converted(object given, Type type)
    {
        Type wanted = Nullable.GetUnderlyingType(type) ?? type;
        return wanted.IsEnum ? Enum.ToObject(wanted, given) : given;
    }

    private bool Chance(double chance) => _random.NextDouble() < chance;

    private T Any<T>(params ReadOnlySpan<T> values) => values[_random.Next(values.Length)];
}
