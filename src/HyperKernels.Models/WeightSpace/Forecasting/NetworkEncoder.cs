using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// What the nodes and edges of a graph of values are, as numbers for a metanetwork: nodes <c>L [sin L(layer); sin L(index); Emb(kind)]</c>, edges <c>L [sin
/// L(weight); sin L(layer);
/// Emb(kind); sin L(position)]</c>.
/// </summary>
/// <remarks>Source: NVlabs/Forecasting-Model-Search, <c>encoders.py</c>, with 17 kinds of nodes and 14 of edges.</remarks>
public sealed class NetworkEncoder : Layer, IStoredLayer<NetworkEncoder>
{
    private readonly Linear _nodeLayer;
    private readonly Linear _nodeIndex;
    private readonly Embedding _nodeKind;
    private readonly Linear _nodes;
    private readonly Linear _weight;
    private readonly Linear _edgeLayer;
    private readonly Linear _position;
    private readonly Embedding _edgeKind;
    private readonly Linear _edges;

    static NetworkEncoder() => LayerTypes.Register<NetworkEncoder>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers per node and edge.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public NetworkEncoder(int features, RandomStream? random = null)
    {
        _nodeLayer = Add("node_layer", new Linear(1, features, random: random));
        _nodeIndex = Add("node_index", new Linear(1, features, random: random));
        _nodeKind = Add("node_kind", new Embedding(Enum.GetValues<NetworkNodeKind>().Length, features, random));
        _nodes = Add("nodes", new Linear(3 * features, features, random: random));
        _weight = Add("weight", new Linear(1, features, random: random));
        _edgeLayer = Add("edge_layer", new Linear(1, features, random: random));
        _position = Add("position", new Linear(3, features, random: random));
        _edgeKind = Add("edge_kind", new Embedding(Enum.GetValues<NetworkEdgeKind>().Length, features, random));
        _edges = Add("edges", new Linear(4 * features, features, random: random));
    }

    /// <summary>H: the numbers per node and edge.</summary>
    public int Features => _nodes.OutFeatures;

    /// <summary>Encodes.</summary>
    /// <param name="codes">What nodes and edges stand for.</param>
    /// <param name="weights">The value of every edge, <c>[E, 1]</c>: the edges' features in the form <see cref="NetworkGraphForm.Values"/>.</param>
    /// <returns>Nodes <c>[N, H]</c> and edges <c>[E, H]</c>.</returns>
    /// <exception cref="ArgumentException">Weights are not one per edge.</exception>
    public (Tensor Nodes, Tensor Edges) Forward(NetworkCodes codes, Tensor weights)
    {
        if (weights.Shape != codes.EdgeLayers.Shape)
        {
            throw new ArgumentException($"NetworkEncoder: weights must be one per edge, {codes.EdgeLayers.Shape}; got {weights.Shape}.", nameof(weights));
        }
        Tensor nodes = _nodes.Forward(Ops.Concatenate(
            1, Wave(_nodeLayer, codes.NodeLayers), Wave(_nodeIndex, codes.NodeIndices), _nodeKind.Forward(codes.NodeKinds)));
        Tensor edges = _edges.Forward(Ops.Concatenate(
            1, Wave(_weight, weights), Wave(_edgeLayer, codes.EdgeLayers), _edgeKind.Forward(codes.EdgeKinds), Wave(_position, codes.EdgePositions)));
        return (nodes, edges);
    }

    private static Tensor Wave(Linear layer, Tensor x) => Ops.Sin(layer.Forward(x));

    /// <inheritdoc/>
    protected override string Describe() => $"NetworkEncoder({Features})";

    static string IStoredLayer<NetworkEncoder>.TypeName => "NetworkEncoder";

    static NetworkEncoder IStoredLayer<NetworkEncoder>.Read(LayerSettings settings) => new(settings.Int("features"));

    void IStoredLayer<NetworkEncoder>.WriteSettings(LayerSettings settings) => settings.Set("features", Features);
}
