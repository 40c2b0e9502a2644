using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The two-layer network of HNHN for classes of nodes: <c>logits = conv2(dropout(relu(conv1(X))))</c> with <see cref="HnhnConv"/>.</summary>
/// <remarks>
/// Layers and dropout as in DeepHypergraph. Source: Dong, Sawin, Bengio, HNHN: Hypergraph Networks with Hyperedge Neurons, 2020 (arXiv 2006.12278).
/// </remarks>
public sealed class Hnhn : Layer, IStoredLayer<Hnhn>
{
    private readonly HnhnConv _first;
    private readonly HnhnConv _second;
    private readonly Dropout _dropout;

    // Its part has no entry of its own that would make a program use it first.
    static Hnhn()
    {
        LayerTypes.Register<Hnhn>();
        LayerTypes.Register<HnhnConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of nodes and hyperedges inside.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="alpha">The power of a hyperedge's size by which it counts.</param>
    /// <param name="beta">The power of a node's degree by which it counts.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public Hnhn(
        int inFeatures, int hiddenFeatures, int classes, float alpha = 0, float beta = 0, float dropout = 0.5f, RandomStream? random = null)
    {
        _first = Add("conv1", new HnhnConv(inFeatures, hiddenFeatures, alpha, beta, random));
        _second = Add("conv2", new HnhnConv(hiddenFeatures, classes, alpha, beta, random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hnhn",
        Title = "Hypergraph networks with hyperedge neurons (HNHN)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Dong, Sawin, Bengio", "HNHN: Hypergraph Networks with Hyperedge Neurons", "arXiv", 2020) { Arxiv = "2006.12278" },
        Equation = "Z = relu(mean_{v in e} (X W_E + b_E)), X' = mean_{e has v} (Z W_V + b_V), members weighed by d[v]^beta, hyperedges by |e|^alpha",
        Source = "section 3, and DeepHypergraph's HNHNConv",
        Layers = [typeof(HnhnConv), typeof(Hnhn)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["hnhn_conv"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => _second.Forward(_dropout.Forward(Ops.Relu(_first.Forward(nodes, graph))), graph);

    static string IStoredLayer<Hnhn>.TypeName => "Hnhn";

    static Hnhn IStoredLayer<Hnhn>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Number("alpha"), settings.Number("beta"),
        settings.Number("dropout"));

    void IStoredLayer<Hnhn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.OutFeatures).Set("classes", _second.OutFeatures)
        .Set("alpha", _first.Alpha).Set("beta", _first.Beta).Set("dropout", _dropout.Probability);
}
