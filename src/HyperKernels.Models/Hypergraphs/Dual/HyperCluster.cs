using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The HyperCluster network, which squeezes the edges of a graph into clusters and rebuilds them: <see cref="HypergraphAttentionConv"/>s with ReLU, an
/// <see cref="EdgeCluster"/>, back from clusters to edges, <see cref="HypergraphAttentionConv"/>s with ReLU again, and a last one without.
/// </summary>
/// <remarks>
/// Source: Jo, Baek, Lee, Kim, Kang, Hwang, Edge Representation Learning with Hypergraphs, NeurIPS 2021 (arXiv 2106.15845), section 3.3, and the authors'
/// model for reconstruction, harryjo97/EHGNN, which takes a number of clusters of 0.15 times the mean number of edges of a graph.
/// </remarks>
public sealed class HyperCluster : Layer, IStoredLayer<HyperCluster>
{
    private readonly bool _layerNorm;
    private readonly ClusterAxis _axis;
    private readonly HypergraphAttentionConv[] _before;
    private readonly HypergraphAttentionConv[] _after;
    private readonly HypergraphAttentionConv _last;
    private readonly EdgeCluster _pool;

    static HyperCluster()
    {
        LayerTypes.Register<HyperCluster>();
        LayerTypes.Register<EdgeCluster>();
    }

    /// <summary>Makes the network with the authors' first values.</summary>
    /// <param name="edgeFeatures">Features of an edge, before and after.</param>
    /// <param name="hiddenFeatures">Features in between; 32 is the authors' choice.</param>
    /// <param name="clusters">The number of clusters of a graph.</param>
    /// <param name="layers">How many convolutions stand before the clusters, and as many after; at least 1.</param>
    /// <param name="heads">Divides the hidden features.</param>
    /// <param name="layerNorm">Whether clusters are normalised.</param>
    /// <param name="axis">Over what the assignment adds up to one.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide the hidden features.</exception>
    public HyperCluster(
        int edgeFeatures,
        int hiddenFeatures,
        int clusters,
        int layers = 2,
        int heads = 1,
        bool layerNorm = false,
        ClusterAxis axis = ClusterAxis.Clusters,
        RandomStream? random = null)
    {
        if (layers < 1)
        {
            throw new ArgumentException($"HyperCluster: there must be at least one layer; got {layers}.", nameof(layers));
        }
        (_layerNorm, _axis) = (layerNorm, axis);
        _before = new HypergraphAttentionConv[layers];
        _after = new HypergraphAttentionConv[layers];
        for (int layer = 0; layer < layers; layer++)
        {
            _before[layer] = Add($"conv{layer + 1}", DualTransform.Conv(layer == 0 ? edgeFeatures : hiddenFeatures, hiddenFeatures, random));
            _after[layer] = Add($"unconv{layer + 1}", DualTransform.Conv(hiddenFeatures, hiddenFeatures, random));
        }
        _last = Add("last", DualTransform.Conv(hiddenFeatures, edgeFeatures, random));
        _pool = Add("pool", new EdgeCluster(hiddenFeatures, clusters, heads, layerNorm, axis, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hypercluster",
        Title = "HyperCluster",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Jo, Baek, Lee, Kim, Kang, Hwang", "Edge Representation Learning with Hypergraphs", "NeurIPS", 2021) { Arxiv = "2106.15845" },
        Equation = "A = softmax over clusters((S W_q) conv_k(Z)^T / sqrt d), O = S W_q + A conv_v(Z), P = O + relu(O W); back to edges A^T P",
        Source = "section 3.3, and the authors' code, harryjo97/EHGNN",
        Layers = [typeof(EdgeCluster), typeof(HyperCluster)],
        HypergraphDesign = new(
            HypergraphStructure.Line, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned, HypergraphTargets.Edges, HypergraphTraining.Generative),
        Cases = ["hypercluster"],
    };

    /// <summary>Rebuilds the features of edges from clusters.</summary>
    /// <param name="edges"><c>[E, edgeFeatures]</c>.</param>
    /// <param name="graph">E edges of G graphs.</param>
    /// <returns><c>[E, edgeFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor edges, EdgeGraph graph)
    {
        KeptEdges all = KeptEdges.All(graph);
        Tensor z = edges;
        foreach (HypergraphAttentionConv convolution in _before)
        {
            z = Ops.Relu(convolution.Forward(z, all.Dual));
        }
        z = _pool.Unpool(_pool.Forward(z, all), graph);
        foreach (HypergraphAttentionConv convolution in _after)
        {
            z = Ops.Relu(convolution.Forward(z, all.Dual));
        }
        return _last.Forward(z, all.Dual);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HyperCluster({_before.Length} layers)";

    static string IStoredLayer<HyperCluster>.TypeName => "HyperCluster";

    static HyperCluster IStoredLayer<HyperCluster>.Read(LayerSettings settings) => new(
        settings.Int("edgeFeatures"), settings.Int("hiddenFeatures"), settings.Int("clusters"), settings.Int("layers"), settings.Int("heads"),
        settings.Flag("layerNorm"), settings.Choice<ClusterAxis>("axis"));

    void IStoredLayer<HyperCluster>.WriteSettings(LayerSettings settings) => settings
        .Set("edgeFeatures", _last.OutFeatures).Set("hiddenFeatures", _last.InFeatures).Set("clusters", _pool.Clusters).Set("layers", _before.Length)
        .Set("heads", _pool.Heads).Set("layerNorm", _layerNorm).Set("axis", _axis);
}
