using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HypeBoy: an encoder that learns without labels, first to reconstruct features (<see cref="FeatureReconstruction"/>), then to fill hyperedges
/// (<see cref="HyperedgeFilling"/>). What is kept is the encoder.
/// </summary>
/// <remarks>
/// <para>
/// Each stage has an optimizer of its own, Adam with rate 1e-3 and weight decay 1e-6, over the encoder and that stage's head. A step of the first (300 in
/// the authors' code, p = 0.2, half of the nodes masked) and one of the second (200, 0.4 of the features and 0.9 of the hyperedges dropped):
/// </para>
/// <code>
/// using Incidence seen = HypergraphAugmentation.DropEdges(incidence, 0.2f, random);
/// Tensor loss = boy.Reconstruction.Loss(boy.Encoder, x, new Hypergraph(seen), HypergraphAugmentation.ChooseNodes(x.Shape[0], 0.5f, random));
///
/// using Incidence seen = HypergraphAugmentation.DropEdges(incidence, 0.9f, random);
/// Tensor z = boy.Encoder.Forward(HypergraphAugmentation.DropFeatures(x, 0.4f, random), new Hypergraph(seen));
/// Tensor loss = boy.Filling.Loss(z, incidence);
/// </code>
/// <para>Source: Kim, Kang, Bu, Lee, Yoo, Shin, HypeBoy, ICLR 2024 (arXiv 2404.00638), and the authors' code.</para>
/// </remarks>
public sealed class HypeBoy : Layer, IStoredLayer<HypeBoy>
{
    private readonly int _layers;
    private readonly float _dropout;

    static HypeBoy()
    {
        LayerTypes.Register<HypeBoyEncoder>();
        LayerTypes.Register<FeatureReconstruction>();
        LayerTypes.Register<HyperedgeFilling>();
        LayerTypes.Register<HypeBoy>();
    }

    /// <summary>Makes encoder and heads with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of an embedding; 128 in the paper.</param>
    /// <param name="layers">How many layers of encoder and decoder pass messages.</param>
    /// <param name="dropout">The share of values before every layer that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public HypeBoy(int inFeatures, int hiddenFeatures, int layers = 2, float dropout = 0.5f, RandomStream? random = null)
    {
        Encoder = Add("encoder", new HypeBoyEncoder(inFeatures, hiddenFeatures, layers, dropout, random));
        Reconstruction = Add("reconstruction", new FeatureReconstruction(inFeatures, hiddenFeatures, layers, dropout, random));
        Filling = Add("filling", new HyperedgeFilling(hiddenFeatures, random));
        (_layers, _dropout) = (layers, dropout);
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hypeboy",
        Title = "HypeBoy, hyperedge filling",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Kim, Kang, Bu, Lee, Yoo, Shin", "HypeBoy: Generative Self-Supervised Representation Learning on Hypergraphs", "ICLR", 2024)
        {
            Arxiv = "2404.00638",
        },
        Equation = "L = sum_e sum_{q in e} -<f(sum_{e - q} z), g(z_q)> + log sum_j exp <f(sum_{e - q} z), g(z_j)>, f and g of length 1",
        Source = "sections 3 and 4, and the authors' code, kswoo97/hypeboy",
        Layers = [typeof(HypeBoy), typeof(HypeBoyEncoder), typeof(HyperedgeFilling), typeof(FeatureReconstruction)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed,
            Training: HypergraphTraining.Contrastive | HypergraphTraining.Generative),
        Cases = ["hypeboy"],
        Recipe = "hypeboy-cora",
    };

    /// <summary>What learns.</summary>
    public HypeBoyEncoder Encoder { get; }

    /// <summary>The first stage's head.</summary>
    public FeatureReconstruction Reconstruction { get; }

    /// <summary>The second stage's heads.</summary>
    public HyperedgeFilling Filling { get; }

    /// <summary>Computes embeddings.</summary>
    /// <param name="nodes">One row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, hiddenFeatures]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the encoder's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => Encoder.Forward(nodes, graph);

    static string IStoredLayer<HypeBoy>.TypeName => "HypeBoy";

    static HypeBoy IStoredLayer<HypeBoy>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("layers"), settings.Number("dropout"));

    void IStoredLayer<HypeBoy>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", Encoder.InFeatures).Set("hiddenFeatures", Encoder.OutFeatures).Set("layers", _layers).Set("dropout", _dropout);
}
