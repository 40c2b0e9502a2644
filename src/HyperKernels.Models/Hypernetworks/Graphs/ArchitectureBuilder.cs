using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Builds an <see cref="ArchitectureGraph"/> node by node, or layer by layer.</summary>
public sealed class ArchitectureBuilder
{
    private readonly List<ArchitectureNode> _nodes = [];
    private readonly List<(int From, int To)> _edges = [];
    private readonly Dictionary<Parameter, NamedParameter> _unnamed = [];

    /// <summary>Starts a graph by hand.</summary>
    public ArchitectureBuilder()
    {
    }

    /// <summary>Starts the graph of a tree of layers: its nodes name the parameters as the tree does.</summary>
    /// <param name="root">The tree.</param>
    public ArchitectureBuilder(Layer root)
    {
        ArgumentNullException.ThrowIfNull(root);
        _unnamed = root.NamedParameters().ToDictionary(static named => named.Parameter);
    }

    /// <summary>Adds an operation.</summary>
    /// <param name="operation">What it computes.</param>
    /// <param name="from">The nodes that feed it.</param>
    /// <returns>Its number.</returns>
    public int Add(GraphOperation operation, params ReadOnlySpan<int> from) => Add(new ArchitectureNode(operation), from);

    /// <summary>Adds a node.</summary>
    /// <param name="node">The operation, with the names of its parameters.</param>
    /// <param name="from">The nodes that feed it.</param>
    /// <returns>Its number.</returns>
    public int Add(ArchitectureNode node, params ReadOnlySpan<int> from)
    {
        ArgumentNullException.ThrowIfNull(node);
        _nodes.Add(node);
        foreach (int source in from)
        {
            _edges.Add((source, _nodes.Count - 1));
        }
        return _nodes.Count - 1;
    }

    /// <summary>Adds an operation with a parameter of the tree.</summary>
    /// <param name="operation">What it computes.</param>
    /// <param name="parameter">Its weight, its table, its gain, or the bias itself.</param>
    /// <param name="shift">A norm's bias, or null.</param>
    /// <param name="from">The nodes that feed it.</param>
    /// <returns>Its number. A parameter that stands in several places is predicted from the first of them.</returns>
    public int Add(GraphOperation operation, Parameter parameter, Parameter? shift, params ReadOnlySpan<int> from)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return Add(new ArchitectureNode(operation, parameter.Shape, Name(parameter), shift is null ? null : Name(shift)), from);
    }

    /// <summary>Adds the operations of a layer.</summary>
    /// <param name="layer">One of the tree.</param>
    /// <param name="input">The node that it reads.</param>
    /// <returns>The node whose result is the layer's; the input if the layer is no operation (an activation).</returns>
    public int Add(Layer layer, int input) => layer switch
    {
        null => throw new ArgumentNullException(nameof(layer)),
        IArchitectureLayer own => own.AddTo(this, input),
        Linear linear => Biased(GraphOperation.Conv, linear.Weight, linear.Bias, input),
        Conv2d conv => Biased(OperationOf(conv), conv.Weight, conv.Bias, input),
        BatchNorm norm => Norm(GraphOperation.BatchNorm, norm.Weight, norm.Bias, input),
        LayerNorm norm => Norm(GraphOperation.LayerNorm, norm.Weight, norm.Bias, input),
        GroupNorm norm => Norm(GraphOperation.GroupNorm, norm.Weight, norm.Bias, input),
        MaxPool2d pool => Add(Pool(GraphOperation.MaxPool, pool.KernelSize), input),
        AveragePool2d pool => Add(Pool(GraphOperation.AveragePool, pool.KernelSize), input),
        AdaptiveAveragePool2d pool => Add(pool is { Height: 1, Width: 1 } ? GraphOperation.GlobalAverage : GraphOperation.AveragePool, input),
        Embedding table => Add(GraphOperation.Table, table.Weight, null, input),
        Residual residual => Sum(residual, input),
        _ => Chain(layer, input),
    };

    /// <summary>The graph of what was added.</summary>
    /// <exception cref="ArgumentException">Nothing was added, an edge leads nowhere, or edges form a cycle.</exception>
    public ArchitectureGraph Build() => new(_nodes, _edges);

    private static GraphOperation OperationOf(Conv2d conv) =>
        conv.Options.Groups == 1 ? GraphOperation.Conv
        : Math.Min(conv.Options.DilationH, conv.Options.DilationW) > 1 ? GraphOperation.DilatedConv
        : GraphOperation.GroupedConv;

    private static ArchitectureNode Pool(GraphOperation operation, int kernelSize) => new(operation, new Shape(1, 1, kernelSize, kernelSize));

    private int Biased(GraphOperation operation, Parameter weight, Parameter? bias, int input)
    {
        int node = Add(operation, weight, null, input);
        return bias is null ? node : Add(GraphOperation.Bias, bias, null, node);
    }

    private int Norm(GraphOperation operation, Parameter? gain, Parameter? shift, int input) =>
        gain is null ? Add(operation, input) : Add(operation, gain, shift, input);

    private int Sum(Residual residual, int input)
    {
        int inner = Add(residual.Inner, input);
        return inner == input ? input : Add(GraphOperation.Sum, input, inner);
    }

    // Layers that are not known: their own parameters in order, then what is inside them.
    private int Chain(Layer layer, int input)
    {
        int node = input;
        foreach (NamedParameter own in layer.NamedParameters().Where(named => ReferenceEquals(named.Owner, layer)))
        {
            GraphOperation operation = own.Role switch
            {
                ParameterRole.Bias => GraphOperation.Bias,
                ParameterRole.Gain => layer is RmsNorm ? GraphOperation.RmsNorm : GraphOperation.LayerNorm,
                ParameterRole.Table => GraphOperation.Table,
                _ => own.Parameter.Shape.Rank >= 2 ? GraphOperation.Conv : GraphOperation.Other,
            };
            node = Add(operation, own.Parameter, null, node);
        }
        foreach ((_, Layer child) in layer.Children)
        {
            node = Add(child, node);
        }
        return node;
    }

    // Null once the parameter has a node.
    private string? Name(Parameter parameter) => _unnamed.Remove(parameter, out NamedParameter? named) ? named.Name : null;
}
