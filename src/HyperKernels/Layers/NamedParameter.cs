namespace HyperKernels.Layers;

/// <summary>A parameter as it stands in a layer tree: its dotted names, its owner and what it is for.</summary>
public sealed class NamedParameter
{
    private readonly List<string> _names;

    internal NamedParameter(string name, Parameter parameter, Layer owner, ParameterRole role, Parameter? weight, Initializer initializer)
    {
        _names = [name];
        Parameter = parameter;
        Owner = owner;
        Role = role;
        Weight = weight;
        Initializer = initializer;
    }

    /// <summary>The first of its names, in declaration order: <c>conv1.weight</c>.</summary>
    public string Name => _names[0];

    /// <summary>All names: more than one if the parameter is tied, that is used in several places of the tree.</summary>
    public IReadOnlyList<string> Names => _names;

    /// <summary>The parameter.</summary>
    public Parameter Parameter { get; }

    /// <summary>The layer that declared it, under <see cref="Name"/>.</summary>
    public Layer Owner { get; }

    /// <summary>What it does in its layer.</summary>
    public ParameterRole Role { get; }

    /// <summary>The weight that a bias is added to, or null if there is none (the bias of a norm).</summary>
    public Parameter? Weight { get; }

    /// <summary>What drew its first values.</summary>
    public Initializer Initializer { get; }

    /// <summary>Splits into name and parameter.</summary>
    public void Deconstruct(out string name, out Parameter parameter)
    {
        name = Name;
        parameter = Parameter;
    }

    /// <summary>Name and shape: <c>conv1.weight [10, 1, 5, 5]</c>.</summary>
    public override string ToString() => $"{string.Join(" = ", _names)} {Parameter.Shape}";

    internal void AddName(string name) => _names.Add(name);
}
