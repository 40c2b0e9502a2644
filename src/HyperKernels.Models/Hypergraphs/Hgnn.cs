using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The two-layer hypergraph neural network for classes of nodes: <c>logits = conv2(dropout(relu(conv1(X))))</c>, with the convolution
/// <c>conv(X) = Dv^-1/2 H W De^-1 H^T Dv^-1/2 (X Theta^T + b)</c> of <see cref="HypergraphConv"/>.
/// </summary>
/// <remarks>
/// A node without hyperedges gets zeros whatever its features are: give each such node an edge of its own (<see cref="Hypergraph.WithSelfLoops"/>).
/// Source: Feng, You, Zhang, Ji, Gao, Hypergraph Neural Networks, AAAI 2019, eq. 10; bias before the smoothing and dropout after the
/// activation as in the authors' code.
/// </remarks>
public sealed class Hgnn : Layer, IStoredLayer<Hgnn>
{
    private readonly HypergraphConv _first;
    private readonly HypergraphConv _second;
    private readonly Dropout _dropout;

    static Hgnn() => LayerTypes.Register<Hgnn>();

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node between the convolutions.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="bias">Whether the convolutions add biases.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1).</exception>
    public Hgnn(int inFeatures, int hiddenFeatures, int classes, float dropout = 0.5f, bool bias = true, RandomStream? random = null)
    {
        _first = Add("conv1", new HypergraphConv(inFeatures, hiddenFeatures, bias, random));
        _second = Add("conv2", new HypergraphConv(hiddenFeatures, classes, bias, random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hgnn",
        Title = "Hypergraph neural network (HGNN)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Feng, You, Zhang, Ji, Gao", "Hypergraph Neural Networks", "AAAI", 2019)
        {
            Arxiv = "1809.09401",
            Doi = "10.1609/aaai.v33i01.33013558",
        },
        Equation = "X' = Dv^-1/2 H W De^-1 H^T Dv^-1/2 (X Theta^T + b)",
        Source = "eq. 10",
        Layers = [typeof(HypergraphConv), typeof(Hgnn)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["hgnn_conv", "hgnn_model"],
        Recipe = "hgnn",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => _second.Forward(Hidden(nodes, graph), graph);

    /// <summary>Computes what the second convolution reads.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, hiddenFeatures]</c>, after ReLU and dropout.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Hidden(Tensor nodes, Hypergraph graph) => _dropout.Forward(Ops.Relu(_first.Forward(nodes, graph)));

    static string IStoredLayer<Hgnn>.TypeName => "Hgnn";

    static Hgnn IStoredLayer<Hgnn>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Number("dropout"), settings.Flag("bias"));

    void IStoredLayer<Hgnn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.OutFeatures).Set("classes", _second.OutFeatures)
        .Set("dropout", _dropout.Probability).Set("bias", _first.HasBias);
}
