using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HyperCluster: pools the edges of each graph into clusters, <c>A = softmax(Q K^T / sqrt d)</c>, <c>O = Q + A V</c>, <c>P = O + relu(O W + b)</c>, with
/// queries from learned seeds, <c>Q = S W_q + b_q</c>, and keys and values from <see cref="HypergraphAttentionConv"/>s of the edges; and back, <c>A^T P</c>.
/// </summary>
/// <remarks>
/// <para>
/// Each head has its share of the features; scores are divided by the root of all features, as in the authors' code. With more than one head each
/// unpools its own share of the features (the authors' code cannot unpool then).
/// </para>
/// <para>Source: Jo and others, NeurIPS 2021 (arXiv 2106.15845), section 3.3; set attention of Baek, Kang, Hwang, ICLR 2021, with the softmax over clusters.</para>
/// </remarks>
public sealed class EdgeCluster : Layer, IStoredLayer<EdgeCluster>
{
    private readonly ClusterAxis _axis;
    private readonly Parameter _seeds;
    private readonly Linear _query;
    private readonly HypergraphAttentionConv _key;
    private readonly HypergraphAttentionConv _value;
    private readonly Linear _output;
    private readonly LayerNorm? _norm0;
    private readonly LayerNorm? _norm1;

    static EdgeCluster() => LayerTypes.Register<EdgeCluster>();

    /// <summary>Makes the layer with the authors' first values.</summary>
    /// <param name="features">Features of an edge, before and after.</param>
    /// <param name="clusters">The number of clusters of a graph.</param>
    /// <param name="heads">Divides the features.</param>
    /// <param name="layerNorm">Whether O and P are normalised.</param>
    /// <param name="axis">Over what the assignment adds up to one.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or heads do not divide the features.</exception>
    public EdgeCluster(
        int features, int clusters, int heads = 1, bool layerNorm = false, ClusterAxis axis = ClusterAxis.Clusters, RandomStream? random = null)
    {
        if (features < 1 || clusters < 1 || heads < 1 || features % heads != 0)
        {
            throw new ArgumentException(
                $"EdgeCluster: features and clusters must be at least 1, and heads must divide the features; got {features}, {clusters} and {heads} heads.");
        }
        (Features, Clusters, Heads, _axis) = (features, clusters, heads, axis);
        _seeds = AddParameter("seeds", [1, clusters, features], Initializer.XavierUniform(), random);
        _query = Add("query", new Linear(features, features, random: random));
        _key = Add("key", DualTransform.Conv(features, features, random));
        _value = Add("value", DualTransform.Conv(features, features, random));
        _output = Add("output", new Linear(features, features, random: random));
        _norm0 = layerNorm ? Add("norm0", new LayerNorm(features)) : null;
        _norm1 = layerNorm ? Add("norm1", new LayerNorm(features)) : null;
    }

    /// <summary>Features of an edge.</summary>
    public int Features { get; }

    /// <summary>The number of clusters of a graph.</summary>
    public int Clusters { get; }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>Pools.</summary>
    /// <param name="edges"><c>[E, features]</c>.</param>
    /// <param name="kept">The graphs with the edges that are left: <see cref="KeptEdges.All"/>.</param>
    /// <returns>Clusters of every graph; those of a graph without edges are made of the queries alone.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public EdgeClusters Forward(Tensor edges, KeptEdges kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        EdgeGraph graph = kept.Graph;
        int width = Features / Heads;
        Tensor queries = _query.Forward(_seeds.Value);
        Tensor assignment = Assign(queries, _key.Forward(edges, kept.Dual), graph.EdgesByGraph);
        EdgeBlocks blocks = new(graph);
        Tensor ofEdges = blocks.Spread(assignment, Heads);
        Tensor sums = Ops.Matmul(ofEdges, blocks.Spread(Ops.Reshape(_value.Forward(edges, kept.Dual), graph.EdgeCount, Heads, width), Heads), transposeA: true);
        Tensor pooled = Ops.Reshape(Ops.Permute(sums, 0, 2, 1, 3), graph.GraphCount, Clusters, Features);
        pooled = Ops.Add(pooled, queries);
        pooled = _norm0?.Forward(pooled) ?? pooled;
        pooled = Ops.Add(pooled, _output.Forward(pooled, Activation.Relu));
        return new EdgeClusters(_norm1?.Forward(pooled) ?? pooled, assignment);
    }

    /// <summary>Gives edges back what their clusters hold.</summary>
    /// <param name="clusters">Of <see cref="Forward"/>; rows of clusters may have been changed in between.</param>
    /// <param name="graph">The graphs.</param>
    /// <returns><c>[E, features]</c>.</returns>
    public Tensor Unpool(EdgeClusters clusters, EdgeGraph graph)
    {
        ArgumentNullException.ThrowIfNull(clusters);
        ArgumentNullException.ThrowIfNull(graph);
        EdgeBlocks blocks = new(graph);
        Tensor rows = Ops.Permute(Ops.Reshape(clusters.Pooled, graph.GraphCount, Clusters, Heads, Features / Heads), 0, 2, 1, 3);
        return blocks.Collect(Ops.Matmul(blocks.Spread(clusters.Assignment, Heads), rows));
    }

    // Every graph asks the same: one product scores all edges.
    private Tensor Assign(Tensor queries, Tensor keys, Incidence graphs)
    {
        int width = Features / Heads;
        Tensor byHead = Ops.Permute(Ops.Reshape(keys, keys.Shape[0], Heads, width), 1, 0, 2);
        Tensor scores = Ops.Matmul(byHead, Ops.Permute(Ops.Reshape(queries, Clusters, Heads, width), 1, 0, 2), transposeB: true);
        scores = Ops.MultiplyScalar(Ops.Permute(scores, 1, 0, 2), 1 / MathF.Sqrt(Features));
        return _axis == ClusterAxis.Clusters ? Ops.Softmax(scores) : Ops.SegmentSoftmax(scores, graphs, Toward.Edges);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"EdgeCluster({Features}, clusters: {Clusters}, heads: {Heads})";

    static string IStoredLayer<EdgeCluster>.TypeName => "EdgeCluster";

    static EdgeCluster IStoredLayer<EdgeCluster>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("clusters"), settings.Int("heads"), settings.Flag("layerNorm"), settings.Choice<ClusterAxis>("axis"));

    void IStoredLayer<EdgeCluster>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("clusters", Clusters).Set("heads", Heads).Set("layerNorm", _norm0 is not null).Set("axis", _axis);
}
