using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The HyperDrop network for classes of graphs: in every layer <c>X = relu(graphconv(X, kept edges))</c>, <c>Z = relu(dualconv(Z))</c>, and an
/// <see cref="EdgeDrop"/>; each layer adds <c>[max X; mean X; sum X]</c> over the nodes of a graph to what a classifier of three linear layers reads.
/// </summary>
/// <remarks>
/// Gives logits, where the authors give their log-softmax. Source: Jo, Baek, Lee, Kim, Kang, Hwang, Edge Representation Learning with Hypergraphs,
/// NeurIPS 2021 (arXiv 2106.15845), section 3.3, and the authors' model for the TU data sets, harryjo97/EHGNN.
/// </remarks>
public sealed class HyperDrop : Layer, IStoredLayer<HyperDrop>
{
    private readonly double _keepRatio;
    private readonly GraphConv[] _nodes;
    private readonly HypergraphAttentionConv[] _edges;
    private readonly EdgeDrop[] _drops;
    private readonly Mlp _classifier;
    private readonly Dropout _dropout;

    static HyperDrop()
    {
        LayerTypes.Register<HyperDrop>();
        LayerTypes.Register<EdgeDrop>();
        LayerTypes.Register<GraphConv>();
    }

    /// <summary>Makes the network with the authors' first values.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="edgeFeatures">Features of an edge.</param>
    /// <param name="hiddenFeatures">Features of nodes and edges between layers, at least 2; 128 is the authors' choice.</param>
    /// <param name="classes">How many logits a graph gets.</param>
    /// <param name="layers">At least 1; edges are dropped between layers.</param>
    /// <param name="keepRatio">The share of edges that each drop keeps, in (0, 1].</param>
    /// <param name="dropout">The share of the classifier's hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped out; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is too small, keepRatio is not in (0, 1], or dropout is not in [0, 1].</exception>
    public HyperDrop(
        int inFeatures, int edgeFeatures, int hiddenFeatures, int classes, int layers = 3, double keepRatio = 0.8, float dropout = 0.5f, RandomStream? random = null)
    {
        if (layers < 1 || hiddenFeatures < 2)
        {
            throw new ArgumentException($"HyperDrop: there must be a layer and two hidden features at least; got {layers} and {hiddenFeatures}.");
        }
        _keepRatio = keepRatio;
        _nodes = new GraphConv[layers];
        _edges = new HypergraphAttentionConv[layers - 1];
        _drops = new EdgeDrop[layers - 1];
        for (int layer = 0; layer < layers; layer++)
        {
            bool first = layer == 0;
            _nodes[layer] = Add($"conv{layer + 1}", new GraphConv(first ? inFeatures : hiddenFeatures, hiddenFeatures, random));
            if (layer < layers - 1)
            {
                _edges[layer] = Add($"edges{layer + 1}", DualTransform.Conv(first ? edgeFeatures : hiddenFeatures, hiddenFeatures, random));
                _drops[layer] = Add($"drop{layer + 1}", new EdgeDrop(hiddenFeatures, keepRatio, random));
            }
        }
        EdgeFeatures = edgeFeatures;
        _classifier = Add("classifier", new Mlp([3 * hiddenFeatures, hiddenFeatures, hiddenFeatures / 2, classes], random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperdrop",
        Title = "Dual hypergraph transform and HyperDrop",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Jo, Baek, Lee, Kim, Kang, Hwang", "Edge Representation Learning with Hypergraphs", "NeurIPS", 2021) { Arxiv = "2106.15845" },
        Equation = "Z' = relu(D^-1 H B^-1 H^T Z W + b) on the dual; s = tanh(conv(Z')); the ceil(r E) best edges of a graph stay, with weight clamp(s, 0, 1)",
        Source = "sections 3.2 and 3.3, and the authors' code, harryjo97/EHGNN",
        Layers = [typeof(HypergraphAttentionConv), typeof(EdgeDrop), typeof(GraphConv), typeof(HyperDrop)],
        HypergraphDesign = new(HypergraphStructure.Line, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed, HypergraphTargets.Graphs),
        Cases = ["dual_transform", "hyperdrop"],
    };

    /// <summary>Features of an edge.</summary>
    public int EdgeFeatures { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: <c>[N, inFeatures]</c>.</param>
    /// <param name="edges">Z: <c>[E, edgeFeatures]</c>; ones where edges have no features of their own.</param>
    /// <param name="graph">N nodes and E edges of G graphs.</param>
    /// <returns><c>[G, classes]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor nodes, Tensor edges, EdgeGraph graph)
    {
        KeptEdges kept = KeptEdges.All(graph);
        Tensor x = nodes;
        Tensor z = edges;
        Tensor? read = null;
        for (int layer = 0; layer < _nodes.Length; layer++)
        {
            x = Ops.Relu(_nodes[layer].Forward(x, graph, kept.Weights));
            if (layer < _drops.Length)
            {
                z = Ops.Relu(_edges[layer].Forward(z, kept.Dual));
                kept = _drops[layer].Forward(z, kept);
            }
            Tensor own = Readout(x, graph.NodesByGraph);
            read = read is { } sum ? Ops.Add(sum, own) : own;
        }
        return Classify(read!.Value);
    }

    private static Tensor Readout(Tensor x, Incidence graphs) => Ops.Concatenate(
        1, Ops.SegmentMax(x, graphs, Toward.Edges), Ops.SegmentMean(x, graphs, Toward.Edges), Ops.SegmentSum(x, graphs, Toward.Edges));

    private Tensor Classify(Tensor read)
    {
        Tensor x = read;
        for (int layer = 0; layer < _classifier.Layers.Count - 1; layer++)
        {
            x = _dropout.Forward(_classifier.Layers[layer].Forward(x, Activation.Relu));
        }
        return _classifier.Layers[^1].Forward(x);
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"HyperDrop({_nodes.Length} layers, keepRatio: {_keepRatio})");

    static string IStoredLayer<HyperDrop>.TypeName => "HyperDrop";

    static HyperDrop IStoredLayer<HyperDrop>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("edgeFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Int("layers"),
        settings.Double("keepRatio"), settings.Number("dropout"));

    void IStoredLayer<HyperDrop>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _nodes[0].InFeatures).Set("edgeFeatures", EdgeFeatures).Set("hiddenFeatures", _nodes[0].OutFeatures)
        .Set("classes", _classifier.Layers[^1].OutFeatures).Set("layers", _nodes.Length).Set("keepRatio", _keepRatio).Set("dropout", _dropout.Probability);
}
