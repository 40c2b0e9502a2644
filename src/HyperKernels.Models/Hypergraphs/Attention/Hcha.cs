using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The two-layer network with hypergraph attention for classes of nodes: <c>logits = conv2(dropout(elu(conv1(X))))</c>; the heads of the first
/// convolution stand side by side, the second one has one head.
/// </summary>
/// <remarks>
/// Hyperedges have no features of their own: attention reads the mean of their members. Degrees are sums of attention
/// (<see cref="AttentionDegrees.OfAttention"/>), as the paper defines them by its H: with the hypergraph's own, rows shrink at every step, and Cora's published splits
/// give 41 instead of 68 %. Layers, activation and dropout as in the benchmark of AllSet
/// (jianhao2016/AllSet), which leaves attention out: give <see cref="HypergraphAttention.None"/> for that. Source: Bai, Zhang, Torr, Hypergraph Convolution and
/// Hypergraph Attention, Pattern Recognition 2021.
/// </remarks>
public sealed class Hcha : Layer, IStoredLayer<Hcha>
{
    private readonly HypergraphAttentionConv _first;
    private readonly HypergraphAttentionConv _second;
    private readonly Dropout _dropout;

    // Its part has no entry of its own that would make a program use it first.
    static Hcha()
    {
        LayerTypes.Register<Hcha>();
        LayerTypes.Register<HypergraphAttentionConv>();
    }

    /// <summary>Makes the network with Xavier's first values.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node in each head between the convolutions.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="attention">Which scores add up to one.</param>
    /// <param name="heads">Heads of the first convolution.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public Hcha(
        int inFeatures, int hiddenFeatures, int classes, HypergraphAttention attention = HypergraphAttention.OverEdges, int heads = 1, float dropout = 0.5f,
        RandomStream? random = null)
    {
        HypergraphAttentionOptions options = new() { Attention = attention, Heads = heads, Degrees = AttentionDegrees.OfAttention };
        _first = Add("conv1", new HypergraphAttentionConv(inFeatures, hiddenFeatures, options, random));
        _second = Add("conv2", new HypergraphAttentionConv(_first.OutFeatures, classes, options with { Heads = 1 }, random));
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hcha",
        Title = "Hypergraph convolution and attention (HCHA)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Bai, Zhang, Torr", "Hypergraph Convolution and Hypergraph Attention", "Pattern Recognition", 2021) { Arxiv = "1901.08150" },
        Equation = "X' = D^-1 H W B^-1 H^T X Theta + b, with attention H = softmax(leaky(att . [x[v] Theta ; z[e] Theta]))",
        Source = "sections 3.2 and 3.3, and PyTorch Geometric's HypergraphConv",
        Layers = [typeof(HypergraphAttentionConv), typeof(Hcha)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned),
        Cases = ["pyg_hypergraphconv"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => _second.Forward(_dropout.Forward(Ops.Elu(_first.Forward(nodes, graph))), graph);

    static string IStoredLayer<Hcha>.TypeName => "Hcha";

    static Hcha IStoredLayer<Hcha>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Choice<HypergraphAttention>("attention"),
        settings.Int("heads"), settings.Number("dropout"));

    void IStoredLayer<Hcha>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.HeadFeatures).Set("classes", _second.OutFeatures)
        .Set("attention", _first.Options.Attention).Set("heads", _first.Options.Heads).Set("dropout", _dropout.Probability);
}
