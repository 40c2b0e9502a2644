using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HNHN for classes of nodes: one <see cref="HnhnConv"/> after another with <c>dropout(relu(x))</c> between them; of two layers,
/// <c>logits = conv2(dropout(relu(conv1(X))))</c>.
/// </summary>
/// <remarks>
/// A convolution is a perceptron of two linear layers with hyperedges as its hidden neurons, so one is enough, as in the authors' code (twistedcubic/HNHN):
/// two are four linear layers, which few labels do not train. Hyperedges of the last one keep hiddenFeatures. Source: Dong, Sawin, Bengio, HNHN: Hypergraph
/// Networks with Hyperedge Neurons, 2020 (arXiv 2006.12278).
/// </remarks>
public sealed class Hnhn : Layer, IStoredLayer<Hnhn>
{
    private readonly HnhnConv[] _convolutions;
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
    /// <param name="layers">How many convolutions.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public Hnhn(
        int inFeatures, int hiddenFeatures, int classes, float alpha = 0, float beta = 0, float dropout = 0.5f, int layers = 1, RandomStream? random = null)
    {
        if (layers < 1)
        {
            throw new ArgumentException($"Hnhn: there must be at least one layer; got {layers}.", nameof(layers));
        }
        _convolutions = new HnhnConv[layers];
        for (int i = 0; i < layers; i++)
        {
            _convolutions[i] = Add($"conv{i + 1}", new HnhnConv(
                i == 0 ? inFeatures : hiddenFeatures, i == layers - 1 ? classes : hiddenFeatures, alpha, beta, hiddenFeatures, random));
        }
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
        Source = "section 3, DeepHypergraph's HNHNConv, and the authors' code (twistedcubic/HNHN) for one layer",
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
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Tensor x = _convolutions[0].Forward(nodes, graph);
        foreach (HnhnConv convolution in _convolutions.AsSpan(1))
        {
            x = convolution.Forward(_dropout.Forward(Ops.Relu(x)), graph);
        }
        return x;
    }

    static string IStoredLayer<Hnhn>.TypeName => "Hnhn";

    static Hnhn IStoredLayer<Hnhn>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Number("alpha"), settings.Number("beta"),
        settings.Number("dropout"), settings.Int("layers"));

    void IStoredLayer<Hnhn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _convolutions[0].InFeatures).Set("hiddenFeatures", _convolutions[0].EdgeFeatures).Set("classes", _convolutions[^1].OutFeatures)
        .Set("alpha", _convolutions[0].Alpha).Set("beta", _convolutions[0].Beta).Set("dropout", _dropout.Probability).Set("layers", _convolutions.Length);
}
