using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The two-layer HyperGCN for classes of nodes: <c>logits = conv2(dropout(relu(conv1(X))))</c> with <see cref="HyperGcnConv"/>.</summary>
/// <remarks>
/// Fast: make a graph once with <see cref="Laplacian"/> and give it to every call. Else every layer makes its own at every call. The authors train with Adam, rate
/// 0.01, weight decay 5e-4, 16 hidden features (64 on Citeseer), for 200 epochs, on features whose rows add up to one; their code has a ReLU after the
/// last layer too, which the paper has not. Source: Yadati and others, HyperGCN, NeurIPS 2019 (arXiv 1809.02589).
/// </remarks>
public sealed class HyperGcn : Layer, IStoredLayer<HyperGcn>
{
    private readonly HyperGcnConv _first;
    private readonly HyperGcnConv _second;
    private readonly Dropout _dropout;
    private readonly RandomStream _random;

    // Its part has no entry of its own that would make a program use it first.
    static HyperGcn()
    {
        LayerTypes.Register<HyperGcn>();
        LayerTypes.Register<HyperGcnConv>();
    }

    /// <summary>Makes the network with the authors' first values.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of a node between the convolutions.</param>
    /// <param name="classes">How many logits a node gets.</param>
    /// <param name="mediators">Whether graphs have mediators.</param>
    /// <param name="dropout">The share of hidden values that training sets to zero.</param>
    /// <param name="random">Draws first values, then projections and what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public HyperGcn(int inFeatures, int hiddenFeatures, int classes, bool mediators = true, float dropout = 0.5f, RandomStream? random = null)
    {
        _random = random ?? Initializer.Random;
        _first = Add("conv1", new HyperGcnConv(inFeatures, hiddenFeatures, mediators, random: _random));
        _second = Add("conv2", new HyperGcnConv(hiddenFeatures, classes, mediators, random: _random));
        _dropout = Add("dropout", new Dropout(dropout, _random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hypergcn",
        Title = "HyperGCN: a graph of the furthest members",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Yadati, Nimishakavi, Yadav, Nitin, Louis, Talukdar", "HyperGCN: A New Method of Training Graph Convolutional Networks on Hypergraphs", "NeurIPS", 2019)
        {
            Arxiv = "1809.02589",
        },
        Equation = "X' = D^-1/2 (A + I) D^-1/2 X Theta + b, A links in every e the members with the largest and smallest projection, and both to mediators",
        Source = "section 3, and the authors' code, malllabiisc/HyperGCN",
        Layers = [typeof(HyperGcnConv), typeof(HyperGcn)],
        HypergraphDesign = new(HypergraphStructure.Clique, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Fixed),
        Cases = ["hypergcn_conv"],
        Recipe = "cora-cocitation",
    };

    /// <summary>Makes the graph of the fast variant from features and a random projection.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns>The caller's to dispose.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node.</exception>
    public HyperGcnLaplacian Laplacian(Tensor nodes, Hypergraph graph)
    {
        using MemoryScope scope = new();
        return HyperGcnLaplacian.Of(nodes, Ops.RandomUniform([_first.InFeatures], _random, device: nodes.Device), graph, _first.Mediators);
    }

    /// <summary>Computes logits with one graph for both layers.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="laplacian">The graph.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, HyperGcnLaplacian laplacian) =>
        _second.Forward(_dropout.Forward(Ops.Relu(_first.Forward(nodes, laplacian))), laplacian);

    /// <summary>Computes logits with a graph that each layer makes of what it reads and a random projection.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, classes]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => _second.Forward(_dropout.Forward(Ops.Relu(_first.Forward(nodes, graph))), graph);

    static string IStoredLayer<HyperGcn>.TypeName => "HyperGcn";

    static HyperGcn IStoredLayer<HyperGcn>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), settings.Flag("mediators"), settings.Number("dropout"));

    void IStoredLayer<HyperGcn>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _first.InFeatures).Set("hiddenFeatures", _first.OutFeatures).Set("classes", _second.OutFeatures)
        .Set("mediators", _first.Mediators).Set("dropout", _dropout.Probability);
}
