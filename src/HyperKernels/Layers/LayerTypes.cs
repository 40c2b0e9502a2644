namespace HyperKernels.Layers;

/// <summary>The classes of layers that files can hold: the library's, by family, and those that were registered.</summary>
public static class LayerTypes
{
    private static readonly Lock s_gate = new();
    private static readonly Dictionary<Type, LayerType> s_byClass = [];
    private static readonly Dictionary<string, LayerType> s_byName = [];

    // Facts of a layer stand in its own file; here only that there is one.
    static LayerTypes()
    {
        // Core.
        Register<Linear>();
        Register<Mlp>();
        Register<Conv1d>();
        Register<Conv2d>();
        Register<Embedding>();
        Register<GruCell>();
        Register<LstmCell>();
        Register<LayerNorm>();
        Register<RmsNorm>();
        Register<GroupNorm>();
        Register<BatchNorm>();
        Register<MaxPool2d>();
        Register<AveragePool2d>();
        Register<AdaptiveAveragePool2d>();
        Register<Dropout>();
        Register<Flatten>();
        Register<Sequential>();
        Register<Residual>();
        Add(
            LayerType.Of<ActivationLayer>(), typeof(Relu), typeof(LeakyRelu), typeof(Elu), typeof(Tanh), typeof(Sigmoid), typeof(Silu), typeof(Softplus),
            typeof(Gelu), typeof(GeluTanh), typeof(Sine));

        // Hypernetworks.
        Register<DeclaredConditioning>();
        Register<GeneratorMlp>();
        Register<FullEmission>();
        Register<HeadsEmission>();
        Register<ChunkedEmission>();
        Register<HyperNetwork>();

        // Hypergraphs.
        Register<HypergraphConv>();
    }

    /// <summary>The names in files of all registered classes, sorted.</summary>
    public static IReadOnlyList<string> Names
    {
        get
        {
            lock (s_gate)
            {
                return [.. s_byName.Keys.Order(StringComparer.Ordinal)];
            }
        }
    }

    /// <summary>Lets files hold layers of a class of your own. Doing it again changes nothing; any thread may.</summary>
    /// <typeparam name="TLayer">The class.</typeparam>
    /// <exception cref="ArgumentException">The name is empty, or another class has it.</exception>
    public static void Register<TLayer>()
        where TLayer : Layer, IStoredLayer<TLayer> => Add(LayerType.Of<TLayer>(), typeof(TLayer));

    /// <summary>What is known of a class; null if it is not registered.</summary>
    internal static LayerType? Find(Type type)
    {
        lock (s_gate)
        {
            return s_byClass.GetValueOrDefault(type);
        }
    }

    /// <summary>What is known of a name in a file; null if no class has it.</summary>
    internal static LayerType? Find(string name)
    {
        lock (s_gate)
        {
            return s_byName.GetValueOrDefault(name);
        }
    }

    private static void Add(LayerType type, params ReadOnlySpan<Type> classes)
    {
        if (string.IsNullOrWhiteSpace(type.Name))
        {
            Throw.Argument($"LayerTypes.Register: a name is needed in files; TypeName of {type.Class} is empty.");
        }
        lock (s_gate)
        {
            if (s_byName.TryGetValue(type.Name, out LayerType? other) && other.Class != type.Class)
            {
                Throw.Argument(
                    $"LayerTypes.Register: a name in files belongs to one class; \"{type.Name}\" of {type.Class} is that of {other.Class}. "
                    + "Use another TypeName.");
            }
            s_byName[type.Name] = type;
            foreach (Type one in classes)
            {
                s_byClass[one] = type;
            }
        }
    }
}
