using System.Globalization;
using System.Text;

namespace HyperKernels.Layers;

/// <summary>
/// A part of a network: a tree of parameters, buffers and further layers under stable names, with its state and its training mode. Names,
/// their order and the state equal those of the PyTorch module of the same make (<c>conv1.weight</c>).
/// </summary>
/// <remarks>
/// What a layer takes, it says itself: most map one tensor to one tensor and derive from <see cref="TensorLayer"/>, others have a
/// <c>Forward</c> with all they need. A layer registers what it owns in its constructor; nothing is found by reflection. Parameters and
/// buffers live outside scopes, so a layer may be made inside a tape. Layers compute with <see cref="Parameter.Value"/>, so that a
/// hypernetwork can put other tensors in their place, one set per sample too. Files hold layers that implement
/// <see cref="IStoredLayer{TSelf}"/> and are registered.
/// </remarks>
public abstract partial class Layer : IDisposable
{
    private readonly List<(string Name, Layer Layer)> _children = [];
    private readonly List<NamedParameter> _parameters = [];
    private readonly List<LayerBuffer> _buffers = [];

    /// <summary>Whether the layer trains (true unless told otherwise): decides what dropout and batch norm do.</summary>
    public bool Training { get; private set; } = true;

    /// <summary>The layers directly inside this one, by name, in declaration order.</summary>
    public IReadOnlyList<(string Name, Layer Layer)> Children => _children;

    /// <summary>The parameters of this layer and all layers inside it, its own first, each once.</summary>
    public IReadOnlyList<Parameter> Parameters => [.. NamedParameters().Select(static named => named.Parameter)];

    /// <summary>The number of trainable values; a tied parameter counts once.</summary>
    public long Count => NamedParameters().Sum(static named => named.Parameter.Shape.Count);

    /// <summary>
    /// Whether what this layer gives for a sample depends on the other samples of the batch, as in a batch norm that trains. A layer of your
    /// own that computes over the batch must say so: a hypernetwork then never adds samples to fill up groups.
    /// </summary>
    protected internal virtual bool MixesSamples => false;

    /// <summary>Parameters inside this layer that are not its own: those that a hypernetwork generates.</summary>
    private protected virtual IReadOnlySet<Parameter>? Excluded => null;

    /// <summary>The parameters with their dotted names: this layer's own, then those of its children in order, each once.</summary>
    public IReadOnlyList<NamedParameter> NamedParameters()
    {
        List<NamedParameter> found = [];
        Collect(string.Empty, found, []);
        return found;
    }

    /// <summary>This layer under an empty name, then every layer inside it with its dotted name, depth first.</summary>
    public IReadOnlyList<(string Name, Layer Layer)> NamedLayers()
    {
        List<(string, Layer)> found = [];
        Walk(string.Empty, found);
        return found;
    }

    /// <summary>The parameters one of whose names fits a pattern.</summary>
    /// <param name="pattern"><c>*</c> stands for any text, dots too, and <c>?</c> for one character: <c>*.adapter.*</c>.</param>
    /// <returns>In declaration order; empty if none fits.</returns>
    public IReadOnlyList<NamedParameter> Find(string pattern)
    {
        ArgumentNullException.ThrowIfNull(pattern);
        return [.. NamedParameters().Where(named => named.Names.Any(name => Glob.IsMatch(pattern, name)))];
    }

    /// <summary>The layers of a type, this one included.</summary>
    /// <returns>Each once, with the first of its dotted names, in declaration order; empty if there is none.</returns>
    public IReadOnlyList<(string Name, TLayer Layer)> Find<TLayer>()
        where TLayer : Layer
    {
        HashSet<Layer> seen = [];
        return [.. NamedLayers().Where(named => named.Layer is TLayer && seen.Add(named.Layer)).Select(static named => (named.Name, (TLayer)named.Layer))];
    }

    /// <summary>Tells this layer and all inside it that they train, or that they do not.</summary>
    public void Train(bool training = true)
    {
        Training = training;
        foreach ((_, Layer child) in _children)
        {
            child.Train(training);
        }
    }

    /// <summary>Tells this layer alone: how a file brings back a tree of which only parts train.</summary>
    internal void TrainAlone(bool training) => Training = training;

    /// <summary>Tells this layer and all inside it that they do not train: dropout passes everything, batch norm uses running statistics.</summary>
    public void Eval() => Train(false);

    /// <summary>Disposes all parameters and buffers, those of the layers inside too.</summary>
    public void Dispose()
    {
        foreach (NamedParameter named in _parameters)
        {
            named.Parameter.Dispose();
        }
        foreach (LayerBuffer buffer in _buffers)
        {
            buffer.Value.Dispose();
        }
        foreach ((_, Layer child) in _children)
        {
            child.Dispose();
        }
        GC.SuppressFinalize(this);
    }

    /// <summary>The tree of layers with their numbers of parameters.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        Describe(text, string.Empty, 0);
        return text.ToString().TrimEnd();
    }

    /// <summary>Registers a layer inside this one.</summary>
    /// <param name="name">Its part of dotted names: not empty, without dots, used once.</param>
    /// <param name="child">The layer; the same one may stand under several names.</param>
    /// <returns>The layer.</returns>
    /// <exception cref="ArgumentException">The name is taken or malformed, or the child contains this layer.</exception>
    protected TLayer Add<TLayer>(string name, TLayer child)
        where TLayer : Layer
    {
        ArgumentNullException.ThrowIfNull(child);
        CheckName(name);
        if (child.NamedLayers().Any(inner => ReferenceEquals(inner.Layer, this)))
        {
            Throw.Argument($"{GetType().Name}: a layer cannot contain itself; \"{name}\" does.");
        }
        _children.Add((name, child));
        Rename();
        return child;
    }

    /// <summary>Makes a parameter of this layer.</summary>
    /// <param name="name">Its part of dotted names, <c>weight</c>: not empty, without dots, used once.</param>
    /// <param name="shape">The axes.</param>
    /// <param name="initializer">Draws its first values.</param>
    /// <param name="random">Where they come from; null means <see cref="Initializer.Random"/>.</param>
    /// <param name="role">What it does in the layer.</param>
    /// <param name="weight">For a bias: the weight whose outputs it is added to.</param>
    /// <exception cref="ArgumentException">The name is taken or malformed, or the initialiser does not suit the shape.</exception>
    protected Parameter AddParameter(
        string name, Shape shape, Initializer initializer, RandomStream? random = null, ParameterRole role = ParameterRole.Weight, Parameter? weight = null)
    {
        ArgumentNullException.ThrowIfNull(initializer);
        CheckName(name);
        LayerAllowance.Take(this, shape);
        // The device says first whether it has room: values that fit nowhere are not drawn.
        Parameter parameter = new(name, shape);
        try
        {
            parameter.Load(initializer.Draw(shape, random));
        }
        catch
        {
            parameter.Dispose();
            throw;
        }
        _parameters.Add(new NamedParameter(name, parameter, this, role, weight, initializer));
        return parameter;
    }

    /// <summary>Uses another layer's parameter in this one too: the two are tied.</summary>
    /// <param name="name">Its part of dotted names here.</param>
    /// <param name="shared">The parameter.</param>
    /// <param name="role">What it does in this layer.</param>
    /// <exception cref="ArgumentException">The name is taken or malformed.</exception>
    protected Parameter AddParameter(string name, Parameter shared, ParameterRole role = ParameterRole.Weight)
    {
        ArgumentNullException.ThrowIfNull(shared);
        CheckName(name);
        _parameters.Add(new NamedParameter(name, shared, this, role, null, Initializer.Zeros));
        return shared;
    }

    /// <summary>Makes a tensor that belongs to the state of this layer but is not trained: a running statistic.</summary>
    /// <param name="name">Its part of dotted names: not empty, without dots, used once.</param>
    /// <param name="shape">The axes.</param>
    /// <param name="value">What it is filled with.</param>
    /// <param name="optional">Whether a state may lack it when it is loaded.</param>
    /// <returns>A tensor outside scopes, to be overwritten in place.</returns>
    /// <exception cref="ArgumentException">The name is taken or malformed.</exception>
    protected Tensor AddBuffer(string name, Shape shape, float value, bool optional = false)
    {
        CheckName(name);
        LayerAllowance.Take(this, shape);
        float[] values = Size.Array<float>(shape.Count, "the number of values");
        Array.Fill(values, value);
        Tensor buffer = Tensor.NewUnowned(Device.Default, shape, ElementType.Float32);
        buffer.CopyFrom(values);
        _buffers.Add(new LayerBuffer(name, buffer, optional));
        return buffer;
    }

    /// <summary>The layer with its settings, in one line, for <see cref="ToString"/>: <c>Linear(320, 50)</c>.</summary>
    protected virtual string Describe() => GetType().Name;

    private void Collect(string path, List<NamedParameter> found, Dictionary<Parameter, NamedParameter> seen, IReadOnlySet<Parameter>? excluded = null)
    {
        excluded = Excluded ?? excluded;
        foreach (NamedParameter own in _parameters)
        {
            if (excluded?.Contains(own.Parameter) ?? false)
            {
                continue;
            }
            string name = path + own.Name;
            if (seen.TryGetValue(own.Parameter, out NamedParameter? first))
            {
                first.AddName(name);
                continue;
            }
            NamedParameter named = new(name, own.Parameter, own.Owner, own.Role, own.Weight, own.Initializer);
            seen.Add(own.Parameter, named);
            found.Add(named);
        }
        foreach ((string name, Layer child) in _children)
        {
            child.Collect($"{path}{name}.", found, seen, excluded);
        }
    }

    private void Walk(string name, List<(string Name, Layer Layer)> found)
    {
        found.Add((name, this));
        foreach ((string childName, Layer child) in _children)
        {
            child.Walk(name.Length == 0 ? childName : $"{name}.{childName}", found);
        }
    }

    // Names that parameters tell are those in the largest tree they were last put in.
    private void Rename()
    {
        foreach (NamedParameter named in NamedParameters())
        {
            named.Parameter.Name = named.Name;
        }
    }

    private void Describe(StringBuilder text, string name, int depth)
    {
        text.Append(' ', 2 * depth);
        if (name.Length > 0)
        {
            text.Append(name).Append(": ");
        }
        text.Append(Describe());
        long count = Count;
        if (count > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"  {count:N0} parameters");
        }
        text.AppendLine();
        foreach ((string childName, Layer child) in _children)
        {
            child.Describe(text, childName, depth + 1);
        }
    }

    private void CheckName(string name)
    {
        if (string.IsNullOrEmpty(name) || name.Contains('.', StringComparison.Ordinal))
        {
            Throw.Argument($"{GetType().Name}: a name must not be empty and have no dots; got \"{name}\".");
        }
        if (_children.Any(child => child.Name == name) || _parameters.Any(own => own.Name == name) || _buffers.Any(buffer => buffer.Name == name))
        {
            Throw.Argument($"{GetType().Name}: a name must be used once; \"{name}\" is taken.");
        }
    }

    private readonly record struct LayerBuffer(string Name, Tensor Value, bool IsOptional);
}
