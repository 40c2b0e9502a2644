using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A vector that describes a network, from its weights alone: codes of nodes and edges, rounds of messages, layer norm and a linear map of the edges, a readout over
/// all edges. Exchanging hidden units changes nothing.
/// </summary>
/// <remarks>
/// Source: Mehta and others (arXiv 2406.18630) and the code, NVlabs/Forecasting-Model-Search (<c>GraphPredGen</c>); the metanetwork follows Lim and others,
/// Graph Metanetworks, ICLR 2024
/// (arXiv 2312.04501). With <see cref="DeepKernelGp"/> it forecasts how good a training run will be.
/// </remarks>
public sealed class NetworkReader : Layer, IStoredLayer<NetworkReader>
{
    private readonly LayerNorm _norm;
    private readonly Linear _edges;

    // Files hold a reader with all its parts, so that they are made known together.
    static NetworkReader()
    {
        LayerTypes.Register<NetworkReader>();
        LayerTypes.Register<NetworkEncoder>();
        LayerTypes.Register<GraphMetaNetwork>();
        LayerTypes.Register<MlpMessage>();
        LayerTypes.Register<DeepSetsReadout>();
        LayerTypes.Register<DeepKernelGp>();
    }

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="outFeatures">The numbers per network.</param>
    /// <param name="hiddenFeatures">The hidden numbers per node and edge.</param>
    /// <param name="layers">The rounds of messages.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1.</exception>
    public NetworkReader(int outFeatures = 32, int hiddenFeatures = 32, int layers = 4, RandomStream? random = null)
    {
        Encoder = Add("encoder", new NetworkEncoder(hiddenFeatures, random));
        MetaNetwork = Add("gnn", new GraphMetaNetwork(hiddenFeatures, hiddenFeatures, hiddenFeatures, layers, GraphMessage.Mlp, random));
        _norm = Add("norm", new LayerNorm(hiddenFeatures));
        _edges = Add("edges", new Linear(hiddenFeatures, hiddenFeatures, random: random));
        Readout = Add("readout", new DeepSetsReadout(hiddenFeatures, outFeatures, random));
    }

    /// <summary>Forecasting Model Search.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "fms",
        Title = "Forecasting Model Search (FMS)",
        Kind = SystemKind.WeightSpace,
        Paper = new Paper(
            "Mehta, Lorraine, Masson, Arunachalam, Bhat, Lucas, Zachariah", "Improving Hyperparameter Optimization with Checkpointed Model Weights", "arXiv", 2024)
        {
            Arxiv = "2406.18630",
        },
        Equation = "e = relu(L [x_s; x_d; z]), x += L silu(relu(L [x; mean relu(L [x_s; e])])), z += L silu(e); sigmoid(MLP(mean relu(L z))); GP on phi",
        Source = "NVlabs/Forecasting-Model-Search",
        Layers =
        [
            typeof(NetworkReader), typeof(NetworkEncoder), typeof(GraphMetaNetwork), typeof(MlpMessage), typeof(DeepSetsReadout), typeof(DeepKernelGp), typeof(NetworkGraph),
        ],
        Cases = ["FMS"],
        Recipe = "zoo-predict",
    };

    /// <summary>Turns nodes and edges into numbers.</summary>
    public NetworkEncoder Encoder { get; }

    /// <summary>The metanetwork.</summary>
    public GraphMetaNetwork MetaNetwork { get; }

    /// <summary>What makes a vector of the edges.</summary>
    public DeepSetsReadout Readout { get; }

    /// <summary>Describes networks.</summary>
    /// <param name="weights">The value of every edge, <c>[E, 1]</c>: <see cref="NetworkFeatures.Edges"/> in the form <see cref="NetworkGraphForm.Values"/>.</param>
    /// <param name="batch">Their graphs.</param>
    /// <returns><c>[G, out features]</c>, between 0 and 1.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor weights, NetworkGraphBatch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return Forward(weights, batch.Codes(), batch.Links, batch.EdgesByGraph);
    }

    /// <summary>Describes networks by the parts of a batch.</summary>
    /// <param name="weights">The value of every edge, <c>[E, 1]</c>.</param>
    /// <param name="codes">What nodes and edges stand for.</param>
    /// <param name="links">The edges, from what is read to what is computed.</param>
    /// <param name="byGraph">The graph of each edge.</param>
    /// <returns><c>[G, out features]</c></returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor weights, NetworkCodes codes, Incidence links, Incidence byGraph)
    {
        (Tensor nodes, Tensor edges) = Encoder.Forward(codes, weights);
        (_, edges) = MetaNetwork.Forward(nodes, edges, links);
        return Readout.Forward(_edges.Forward(_norm.Forward(edges)), byGraph);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"NetworkReader({Readout.OutFeatures})";

    static string IStoredLayer<NetworkReader>.TypeName => "NetworkReader";

    static NetworkReader IStoredLayer<NetworkReader>.Read(LayerSettings settings) =>
        new(settings.Int("outFeatures"), settings.Int("hiddenFeatures"), settings.Int("layers"));

    void IStoredLayer<NetworkReader>.WriteSettings(LayerSettings settings) => settings
        .Set("outFeatures", Readout.OutFeatures).Set("hiddenFeatures", MetaNetwork.HiddenFeatures).Set("layers", MetaNetwork.Layers.Count);
}
