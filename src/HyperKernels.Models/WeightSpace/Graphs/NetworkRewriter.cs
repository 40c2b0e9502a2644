using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A metanetwork that rewrites networks: what it reads off the hidden numbers of nodes and edges is added, times a small ratio, to their features, and the sum is read back as
/// the weights of a changed network: <c>node + rho_n Dec(x)</c>, <c>edge + rho_e Dec(z)</c>, <c>Dec = L silu(L LN)</c>.
/// </summary>
/// <remarks>
/// Trained with the loss of the changed network and <see cref="GroupSparsity"/>, the changed network is easier to prune: MetaPruning. Gradients reach the metanetwork and the
/// network that was read. Source: Liu, Wang, Zhang (arXiv 2506.12041) and the authors' code, Yewei-Liu/MetaPruning; what it reads back wrongly (the classifier
/// of some networks, in
/// another order) is right here, and layers of its that are never used are left out.
/// </remarks>
public sealed class NetworkRewriter : Layer, IStoredLayer<NetworkRewriter>
{
    private readonly Linear _nodeHidden;
    private readonly Linear _nodeOut;
    private readonly Linear _edgeHidden;
    private readonly Linear _edgeOut;

    // Files hold a rewriter with all its parts, so that they are made known together.
    static NetworkRewriter()
    {
        LayerTypes.Register<NetworkRewriter>();
        LayerTypes.Register<GraphMetaNetwork>();
        LayerTypes.Register<ProductMessage>();
        LayerTypes.Register<MlpMessage>();
    }

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="nodeFeatures">The numbers per node, <see cref="NetworkGraph.NodeFeatures"/>.</param>
    /// <param name="edgeFeatures">The numbers per edge, <see cref="NetworkGraph.EdgeFeatures"/>.</param>
    /// <param name="hiddenFeatures">The hidden numbers of both.</param>
    /// <param name="layers">The rounds of messages.</param>
    /// <param name="nodeRatio">rho_n: how much nodes may change. With 1 the network that comes back is a random one at first.</param>
    /// <param name="edgeRatio">rho_e: how much edges may change.</param>
    /// <param name="message">How nodes and edges hear of each other.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or a ratio is not finite.</exception>
    public NetworkRewriter(
        int nodeFeatures,
        int edgeFeatures,
        int hiddenFeatures = 64,
        int layers = 8,
        float nodeRatio = 0.01f,
        float edgeRatio = 0.01f,
        GraphMessage message = GraphMessage.Product,
        RandomStream? random = null)
    {
        if (!float.IsFinite(nodeRatio) || !float.IsFinite(edgeRatio))
        {
            throw new ArgumentException($"NetworkRewriter: ratios must be finite; got {nodeRatio} and {edgeRatio}.");
        }
        NodeRatio = nodeRatio;
        EdgeRatio = edgeRatio;
        MetaNetwork = Add("gnn", new GraphMetaNetwork(nodeFeatures, edgeFeatures, hiddenFeatures, layers, message, random));
        _nodeHidden = Add("node_hidden", new Linear(hiddenFeatures, hiddenFeatures, random: random));
        _nodeOut = Add("node_out", new Linear(hiddenFeatures, nodeFeatures, random: random));
        _edgeHidden = Add("edge_hidden", new Linear(hiddenFeatures, hiddenFeatures, random: random));
        _edgeOut = Add("edge_out", new Linear(hiddenFeatures, edgeFeatures, random: random));
    }

    /// <summary>MetaPruning.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "metapruning",
        Title = "Meta pruning via graph metanetworks (MetaPruning)",
        Kind = SystemKind.WeightSpace,
        Paper = new Paper("Liu, Wang, Zhang", "Meta Pruning via Graph Metanetworks: A Universal Meta Learning Framework for Network Pruning", "arXiv", 2025)
        {
            Arxiv = "2506.12041",
        },
        Equation = "graph of channels and kernels; m = silu(L x)_d silu(L x)_s e both ways, x += L [mean; std; max; min] m; weights + rho Dec(x, e)",
        Source = "Yewei-Liu/MetaPruning, nn/GNN.py and main",
        Layers = [typeof(NetworkRewriter), typeof(GraphMetaNetwork), typeof(ProductMessage), typeof(NetworkGraph), typeof(GroupSparsity)],
        Cases = ["MetaPruning"],
        Recipe = "prune-digits",
    };

    /// <summary>The metanetwork.</summary>
    public GraphMetaNetwork MetaNetwork { get; }

    /// <summary>How much nodes may change.</summary>
    public float NodeRatio { get; }

    /// <summary>How much edges may change.</summary>
    public float EdgeRatio { get; }

    /// <summary>Rewrites features.</summary>
    /// <param name="features">Of one or more networks.</param>
    /// <param name="links">The edges of their graphs: <see cref="NetworkGraphBatch.Links"/>.</param>
    /// <returns>The features of the changed networks.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public NetworkFeatures Forward(NetworkFeatures features, Incidence links)
    {
        (Tensor x, Tensor z) = MetaNetwork.Forward(features.Nodes, features.Edges, links);
        return new NetworkFeatures(
            Changed(features.Nodes, NodeRatio, x, _nodeHidden, _nodeOut), Changed(features.Edges, EdgeRatio, z, _edgeHidden, _edgeOut));
    }

    /// <summary>Rewrites a network, or several of one make whose weights stand in its parameters' places.</summary>
    /// <param name="network">The network; it is not changed.</param>
    /// <param name="graph">Its graph.</param>
    /// <param name="batch">That graph, once per network.</param>
    /// <returns>The parameters of the changed network.</returns>
    /// <exception cref="ArgumentException">The graph is not that of the network, or the batch is of other graphs.</exception>
    public PredictedParameters Rewrite(Layer network, NetworkGraph graph, NetworkGraphBatch batch)
    {
        ArgumentNullException.ThrowIfNull(graph);
        ArgumentNullException.ThrowIfNull(batch);
        return graph.Write(Forward(graph.Read(network), batch.Links));
    }

    private static Tensor Changed(Tensor features, float ratio, Tensor hidden, Linear first, Linear last) =>
        Ops.Add(features, Ops.MultiplyScalar(last.Forward(first.Forward(Ops.LayerNorm(hidden, 1), Activation.Silu)), ratio));

    /// <inheritdoc/>
    protected override string Describe() => $"NetworkRewriter(ratios: {NodeRatio}, {EdgeRatio})";

    static string IStoredLayer<NetworkRewriter>.TypeName => "NetworkRewriter";

    static NetworkRewriter IStoredLayer<NetworkRewriter>.Read(LayerSettings settings) => new(
        settings.Int("nodeFeatures"), settings.Int("edgeFeatures"), settings.Int("hiddenFeatures"), settings.Int("layers"), settings.Number("nodeRatio"),
        settings.Number("edgeRatio"), settings.Choice<GraphMessage>("message"));

    void IStoredLayer<NetworkRewriter>.WriteSettings(LayerSettings settings) => settings
        .Set("nodeFeatures", MetaNetwork.NodeFeatures).Set("edgeFeatures", MetaNetwork.EdgeFeatures).Set("hiddenFeatures", MetaNetwork.HiddenFeatures)
        .Set("layers", MetaNetwork.Layers.Count).Set("nodeRatio", NodeRatio).Set("edgeRatio", EdgeRatio).Set("message", MetaNetwork.Message);
}
