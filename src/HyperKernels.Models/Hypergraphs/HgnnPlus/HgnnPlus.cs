using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The two-layer HGNN+ for classes of nodes: <c>logits = conv2(dropout(relu(conv1(X))))</c> with <see cref="HgnnPlusConv"/>, over hyperedges of
/// several groups that learn a weight each (<see cref="EdgeGroupWeights"/>), the same in both layers.
/// </summary>
/// <remarks>
/// With one group there is nothing to learn: rows of the smoothing add up to one whatever that weight is. A node without hyperedges gets zeros
/// whatever its features are: give each such node an edge of its own (<see cref="Hypergraph.WithSelfLoops"/>). Source: Gao, Feng, Ji, Ji,
/// HGNN+: General Hypergraph Neural Networks, TPAMI 2022; layers and dropout as in DeepHypergraph, whose defaults are 32 hidden features,
/// Adam with rate 0.01 and weight decay 5e-4, and 200 epochs.
/// </remarks>
public sealed class HgnnPlus : Layer, IStoredLayer<HgnnPlus>
{
    private readonly HgnnPlusConv _first;
    private readonly HgnnPlusConv _second;
    private readonly Dropout _dropout;
    private readonly EdgeGroupWeights? _groups;

    // Its parts have no entry of their own that would make a program use them first.
    static HgnnPlus()
    {
        LayerTypes.Register<HgnnPlus>();
        LayerTypes.Register<HgnnPlusConv>();
        LayerTypes.Register<EdgeGroupWeights>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node between the convolutions.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="groups">How many groups of hyperedges learn a weight; 1 means that there are none.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public HgnnPlus(int inFeatures, int hiddenFeatures, int classes, int groups = 1, float dropout = 0.5f, RandomStream? random = null)
    {
        _first = Add("conv1", new HgnnPlusConv(inFeatures, hiddenFeatures, random: random));
        _second = Add("conv2", new HgnnPlusConv(hiddenFeatures, classes, random: random));
        _dropout = Add("dropout", new Dropout(dropout, random));
        _groups = groups == 1 ? null : Add("groups", new EdgeGroupWeights(groups));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hgnn-plus",
        Title = "General hypergraph neural network (HGNN+)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Gao, Feng, Ji, Ji", "HGNN+: General Hypergraph Neural Networks", "TPAMI", 2022) { Doi = "10.1109/TPAMI.2022.3182052" },
        Equation = "X' = Dv^-1 H W De^-1 H^T (X Theta^T + b), w[e] = sigmoid(omega[group of e])",
        Source = "section 4, and DeepHypergraph's HGNNPConv",
        Layers = [typeof(HgnnPlusConv), typeof(EdgeGroupWeights), typeof(HgnnPlus)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["hgnnp_conv"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes; the types of its hyperedges are the groups, where the network has several.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features, or the graph not as many types as there are groups.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        Hypergraph weighted = _groups is null ? graph : _groups.Forward(graph);
        return _second.Forward(_dropout.Forward(Ops.Relu(_first.Forward(nodes, weighted))), weighted);
    }

    static string IStoredLayer<HgnnPlus>.TypeName => "HgnnPlus";

    static HgnnPlus IStoredLayer<HgnnPlus>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Int("groups"), settings.Number("dropout"));

    void IStoredLayer<HgnnPlus>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.OutFeatures).Set("classes", _second.OutFeatures)
        .Set("groups", _groups?.Groups ?? 1).Set("dropout", _dropout.Probability);
}
