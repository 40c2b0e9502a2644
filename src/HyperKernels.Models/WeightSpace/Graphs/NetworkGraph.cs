using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A trained network as a graph of its neurons, and back: nodes and edges that know what they stand for, and the network's numbers as features on them. The way
/// there and back is a bijection; exchanging hidden units in the network exchanges nodes, and changes nothing else.
/// </summary>
/// <remarks>
/// <para>
/// Which operations there are and what feeds which is the <see cref="ArchitectureGraph"/> of the tree: its nodes are operations, the nodes here are the
/// neurons and channels inside them. Linear layers, convolutions, norms, residual blocks, pools and recurrent cells are known; a class of your own
/// says what it is made of with <see cref="IArchitectureLayer"/>.
/// </para>
/// <para>
/// In the form <see cref="NetworkGraphForm.Channels"/> a bias without a norm stands where a norm's bias would; a shortcut with weights ends at the nodes that it is
/// added to, one without is a full set of edges with an identity as its kernels. A linear layer behind a flattened image has an edge per channel with a value per pixel, a
/// recurrent cell one with a value per gate. What finds no place among the first eight features of a node follows behind them. Running statistics are read but
/// not written back.
/// </para>
/// </remarks>
public sealed class NetworkGraph
{
    private readonly int[] _valueOfFeature;
    private readonly int[] _featureOfValue;
    private readonly NetworkTensor[] _tensors;
    private readonly int _parameters;

    private NetworkGraph(NetworkGraphForm form, NetworkGraphLayout built)
    {
        Form = form;
        Nodes = built.Nodes;
        Edges = built.Edges;
        NodeFeatures = built.NodeFeatures;
        EdgeFeatures = built.EdgeFeatures;
        _tensors = [.. built.Tensors];
        _valueOfFeature = built.ValueOfFeature;
        _featureOfValue = built.FeatureOfValue;
        _parameters = _tensors.Count(static tensor => !tensor.IsStatistic);
    }

    /// <summary>How numbers lie on nodes and edges.</summary>
    public NetworkGraphForm Form { get; }

    /// <summary>The nodes: those that are computed, layer by layer.</summary>
    public IReadOnlyList<NetworkNode> Nodes { get; }

    /// <summary>The edges, layer by layer, outputs first.</summary>
    public IReadOnlyList<NetworkEdge> Edges { get; }

    /// <summary>F: the numbers per node.</summary>
    public int NodeFeatures { get; }

    /// <summary>K: the numbers per edge.</summary>
    public int EdgeFeatures { get; }

    /// <summary>The dotted names of what is read: the parameters, then running statistics.</summary>
    public IEnumerable<string> Names => _tensors.Select(static tensor => tensor.Name);

    /// <summary>The graph of a network.</summary>
    /// <param name="network">A tree of layers.</param>
    /// <param name="form">How its numbers are laid on nodes and edges.</param>
    /// <exception cref="ArgumentException">An operation is not known, a parameter stands in several places, or sizes do not follow from each other.</exception>
    public static NetworkGraph Of(Layer network, NetworkGraphForm form = NetworkGraphForm.Channels)
    {
        ArgumentNullException.ThrowIfNull(network);
        return new NetworkGraph(form, new NetworkGraphLayout(NetworkGraphBuilder.Build(network, form), form));
    }

    /// <summary>The numbers of a network of this make.</summary>
    /// <param name="network">The network; weights that stand in its parameters' places are read, several sets too.</param>
    /// <exception cref="ArgumentException">It lacks a parameter, or one has another shape.</exception>
    public NetworkFeatures Read(Layer network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Dictionary<string, Tensor> values = [];
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            values.Add(name, parameter.Value);
        }
        foreach ((string name, BatchNorm norm) in network.Find<BatchNorm>())
        {
            string path = name.Length == 0 ? "" : name + ".";
            values.Add(path + NetworkTensor.Mean, norm.RunningMean);
            values.Add(path + NetworkTensor.Variance, norm.RunningVariance);
        }
        return Read(values);
    }

    /// <summary>Numbers by their dotted names, of one network or of several of this make.</summary>
    /// <param name="values">All of <see cref="Names"/>; of S networks with an axis of S before their own. One set among several serves all.</param>
    /// <returns>Differentiable in all of them.</returns>
    /// <exception cref="ArgumentException">One is missing, or has another shape.</exception>
    public NetworkFeatures Read(IReadOnlyDictionary<string, Tensor> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        Tensor[] pieces = new Tensor[_tensors.Length + 1];
        int sets = 1;
        for (int i = 0; i < _tensors.Length; i++)
        {
            pieces[i] = Flat(_tensors[i], values);
            sets = Math.Max(sets, pieces[i].Shape[0]);
        }
        Device device = pieces[0].Device;
        pieces[^1] = Tensor.From([0f, 1f], [1, 2], device);
        for (int i = 0; i < pieces.Length; i++)
        {
            pieces[i] = pieces[i].Shape[0] == sets ? pieces[i] : Ops.BroadcastTo(pieces[i], [sets, pieces[i].Shape[1]]);
        }
        Tensor features = Take(Ops.Concatenate(1, pieces), _valueOfFeature);
        int nodes = Nodes.Count * NodeFeatures;
        return new NetworkFeatures(
            Ops.Reshape(Ops.Slice(features, 1, 0, nodes), [sets * Nodes.Count, NodeFeatures]),
            Ops.Reshape(Ops.Slice(features, 1, nodes, Edges.Count * EdgeFeatures), [sets * Edges.Count, EdgeFeatures]));
    }

    /// <summary>The parameters that features mean: the way back.</summary>
    /// <param name="features">Shaped as <see cref="Read(Layer)"/> gives them.</param>
    /// <returns>The parameters by name, differentiable in the features; of S networks with an axis of S before their own. Features that mean no parameter count
    /// for nothing.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public PredictedParameters Write(NetworkFeatures features)
    {
        int sets = Math.Max(1, features.Edges.Shape[0] / Math.Max(1, Edges.Count));
        Shape nodes = [sets * Nodes.Count, NodeFeatures];
        Shape edges = [sets * Edges.Count, EdgeFeatures];
        if (features.Nodes.Shape != nodes || features.Edges.Shape != edges)
        {
            throw new ArgumentException(
                $"NetworkGraph: features must be {nodes} on nodes and {edges} on edges, or a multiple of the rows; got {features.Nodes.Shape} and {features.Edges.Shape}.",
                nameof(features));
        }
        Tensor all = Ops.Concatenate(
            1, Ops.Reshape(features.Nodes, [sets, Nodes.Count * NodeFeatures]), Ops.Reshape(features.Edges, [sets, Edges.Count * EdgeFeatures]));
        Tensor values = Take(all, _featureOfValue);
        Dictionary<string, Weight> weights = new(_parameters);
        int start = 0;
        foreach (NetworkTensor tensor in _tensors.AsSpan(0, _parameters))
        {
            int count = checked((int)tensor.Shape.Count);
            Tensor piece = Ops.Slice(values, 1, start, count);
            weights.Add(tensor.Name, Ops.Reshape(piece, sets == 1 ? tensor.Shape : FlatWeights.Stacked(sets, tensor.Shape)));
            start += count;
        }
        return new PredictedParameters(weights);
    }

    /// <summary>Columns of <c>[S, n]</c> by number: <c>[S, m]</c>.</summary>
    private static Tensor Take(Tensor rows, int[] columns)
    {
        Tensor index = Tensor.From(columns, [columns.Length], rows.Device);
        return Ops.Transpose(Ops.GatherRows(Ops.Transpose(rows), index));
    }

    private static Tensor Flat(NetworkTensor tensor, IReadOnlyDictionary<string, Tensor> values)
    {
        if (!values.TryGetValue(tensor.Name, out Tensor value))
        {
            throw new ArgumentException($"NetworkGraph: the network must have \"{tensor.Name}\" {tensor.Shape}; it has not.", nameof(values));
        }
        int sets = value.Rank == tensor.Shape.Rank ? 1 : value.Shape[0];
        if (value.Shape != tensor.Shape && value.Shape != FlatWeights.Stacked(sets, tensor.Shape))
        {
            throw new ArgumentException(
                $"NetworkGraph: \"{tensor.Name}\" must be {tensor.Shape}, or have an axis of networks before; got {value.Shape}.", nameof(values));
        }
        return Ops.Reshape(value, [sets, (int)tensor.Shape.Count]);
    }
}
