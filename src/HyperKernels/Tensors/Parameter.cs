namespace HyperKernels;

/// <summary>
/// A named tensor that training changes: it lives outside scopes and tapes until it is disposed, and every tape records what is
/// computed from it.
/// </summary>
/// <remarks>
/// Any number of threads may read a parameter at once; <see cref="Load"/> and an optimiser's step must not overlap with anything that
/// uses it. Inside <see cref="ParameterOverrides.Use(IReadOnlyDictionary{Parameter, Weight})"/> the flow sees another tensor in its place.
/// </remarks>
public sealed class Parameter : IDisposable
{
    private readonly Tensor _value;

    /// <summary>Makes a parameter of zeros; also inside a scope or tape, which does not own it.</summary>
    /// <param name="name">Its name in its layer, <c>weight</c>; the layer tree puts its path before it.</param>
    /// <param name="shape">The axes.</param>
    /// <param name="device">Where it lives; null means <see cref="Device.Default"/>.</param>
    public Parameter(string name, Shape shape, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(name);
        device ??= Device.Default;
        Name = name;
        _value = Tensor.NewUnowned(device, shape, ElementType.Float32);
        device.Backend.Fill(_value.Ref, shape.Count, 0);
        _value.Node.RequiresGradient = true;
    }

    /// <summary>Makes a parameter with given values.</summary>
    /// <param name="name">Its name in its layer.</param>
    /// <param name="values">One value per element, row-major.</param>
    /// <param name="shape">The axes.</param>
    /// <param name="device">Where it lives; null means <see cref="Device.Default"/>.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the shape.</exception>
    public Parameter(string name, ReadOnlySpan<float> values, Shape shape, Device? device = null)
        : this(name, shape, device) => Load(values);

    /// <summary>The dotted name: <c>conv1.weight</c>.</summary>
    public string Name { get; set; }

    /// <summary>
    /// The tensor that ops compute with: the parameter's own, or what <see cref="ParameterOverrides.Use(IReadOnlyDictionary{Parameter, Weight})"/>
    /// put in its place, written out.
    /// </summary>
    public Tensor Value => ParameterOverrides.Any && ParameterOverrides.Find(this) is { } use ? use.Dense() : _value;

    /// <summary>What layers multiply by: the parameter's own values, or the weight in their place, which need not exist in memory. A parameter converts to it.</summary>
    public Weight Current => ParameterOverrides.Any && ParameterOverrides.Find(this) is { } use ? use.Current : _value;

    /// <summary>The parameter's own values, whatever is put in its place.</summary>
    public Tensor OwnValue => _value;

    /// <summary>The axes of the parameter's own values.</summary>
    public Shape Shape => _value.Shape;

    /// <summary>Where the parameter's own values are.</summary>
    public Device Device => _value.Device;

    /// <summary>Whether tapes record what is computed from it; true unless set. Optimisers leave a parameter without gradient as it is.</summary>
    public bool RequiresGradient
    {
        get => _value.Node.RequiresGradient;
        set => _value.Node.RequiresGradient = value;
    }

    /// <summary>Overwrites the parameter's own values.</summary>
    /// <param name="values">One value per element, row-major.</param>
    /// <exception cref="ArgumentException">The number of values is not that of the parameter.</exception>
    public void Load(ReadOnlySpan<float> values)
    {
        if (values.Length != Shape.Count)
        {
            Throw.Argument($"Parameter.Load: \"{Name}\" is {Shape} and needs {Shape.Count} values; got {values.Length}.");
        }
        _value.CopyFrom(values);
    }

    /// <summary>Disposes of the values; their memory returns to the pool.</summary>
    public void Dispose() => _value.Dispose();

    /// <summary>Name and shape: <c>conv1.weight [10, 1, 5, 5]</c>.</summary>
    public override string ToString() => _value.IsAlive ? $"{Name} {Shape}" : $"{Name}, a disposed parameter";
}
