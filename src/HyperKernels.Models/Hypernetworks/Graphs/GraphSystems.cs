using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The published hypernetworks that read architectures: each a set of <see cref="GraphHyperNetworkOptions"/>.</summary>
public static class GraphSystems
{
    private static readonly HypernetworkDesign s_design = new(
        HyperInput.Task, HyperOutput.Components, HyperArchitecture.Graph | HyperArchitecture.Rnn | HyperArchitecture.Mlp, DynamicInput: true);

    // Files hold a graph hypernetwork with all its parts, so that they are made known together.
    static GraphSystems()
    {
        LayerTypes.Register<GraphHyperNetwork>();
        LayerTypes.Register<ShapeEmbedding>();
        LayerTypes.Register<GatedGraphNetwork>();
        LayerTypes.Register<GraphormerNetwork>();
        LayerTypes.Register<GraphormerLayer>();
        LayerTypes.Register<GraphormerTables>();
        LayerTypes.Register<GraphNodeMlp>();
        LayerTypes.Register<TiledGraphDecoder>();
        LayerTypes.Register<ConvDecoder>();
        LayerTypes.Register<VectorDecoder>();
        LayerTypes.Register<LowRankGraphDecoder>();
        LayerTypes.Register<LowRankDecoder>();
    }

    /// <summary>The first: messages along the edges of the architecture.</summary>
    public static PublishedSystem Ghn1 { get; } = new()
    {
        Name = "ghn-1",
        Title = "Graph hypernetwork (GHN-1)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Zhang, Ren, Urtasun", "Graph HyperNetworks for Neural Architecture Search", "ICLR", 2019) { Arxiv = "1810.05749" },
        Equation = "m_v = sum over neighbours u of MLP(h_u), h_v = GRU(m_v, h_v), node after node along the edges and back",
        Source = "equations 3 and 4, and facebookresearch/ppuda",
        Layers = [typeof(GraphHyperNetwork), typeof(GatedGraphNetwork), typeof(ArchitectureGraph)],
        Design = s_design,
        Cases = ["GHN-1 gated message passing"],
    };

    /// <summary>With virtual edges and normalised weights, for networks that it was not trained on.</summary>
    public static PublishedSystem Ghn2 { get; } = new()
    {
        Name = "ghn-2",
        Title = "Parameter prediction for unseen architectures (GHN-2)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Knyazev, Drozdzal, Taylor, Romero-Soriano", "Parameter Prediction for Unseen Deep Architectures", "NeurIPS", 2021)
        {
            Arxiv = "2110.13100",
        },
        Equation = "m_v = sum over neighbours of MLP(h_u) + sum over ways of length s of MLP_sp(h_u) / s; W = sqrt(beta / fan_in) D(LN(h_v))",
        Source = "equation 4 and section 3.2, and facebookresearch/ppuda",
        Layers =
        [
            typeof(GraphHyperNetwork), typeof(GatedGraphNetwork), typeof(GraphNodeMlp), typeof(ShapeEmbedding), typeof(TiledGraphDecoder), typeof(ConvDecoder),
            typeof(VectorDecoder), typeof(PredictedTensors),
        ],
        Design = s_design,
        Cases = ["GHN-2 gated message passing", "GHN-2 decoder", "GHN-2 tiling and normalisation"],
        Recipe = "ghn-digits",
    };

    /// <summary>With attention over the whole graph.</summary>
    public static PublishedSystem Ghn3 { get; } = new()
    {
        Name = "ghn-3",
        Title = "Graphormer hypernetwork (GHN-3)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Knyazev, Hwang, Lacoste-Julien", "Can We Scale Transformers to Predict Parameters of Diverse ImageNet Models?", "ICML", 2023)
        {
            Arxiv = "2303.04143",
        },
        Equation = "h' = h + O softmax(q k^T / sqrt(d) + P [E(d_ij); E(d_ji)]) v, y = h' + MLP(LN(h'))",
        Source = "section 3, and SamsungSAILMontreal/ghn3",
        Layers = [typeof(GraphHyperNetwork), typeof(GraphormerNetwork), typeof(GraphormerLayer), typeof(GraphormerTables), typeof(ConvDecoder)],
        Design = s_design with { Architecture = HyperArchitecture.Graph | HyperArchitecture.Attention | HyperArchitecture.Mlp },
        Cases = ["GHN-3 graphormer layer"],
    };

    /// <summary>With weights of low rank.</summary>
    public static PublishedSystem Logah { get; } = new()
    {
        Name = "logah",
        Title = "Low-rank graph hypernetwork (LoGAH)",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper(
            "Zhou, Knyazev, Jolicoeur-Martineau, Fu", "LoGAH: Predicting 774-Million-Parameter Transformers using Graph HyperNetworks with 1/100 Parameters", "arXiv", 2024)
        {
            Arxiv = "2405.16287",
        },
        Equation = "u = L relu(MLP(h)) + l read again as [2 K, r]; W = u[:out KH] u[K:K + in KW]^T",
        Source = "section 3, and Blackzxy/LoGAH",
        Layers = [typeof(GraphHyperNetwork), typeof(GraphormerNetwork), typeof(LowRankDecoder), typeof(LowRankGraphDecoder)],
        Design = s_design with { Architecture = HyperArchitecture.Graph | HyperArchitecture.Attention | HyperArchitecture.Mlp },
        Cases = ["LoGAH low-rank decoder"],
    };
}
