using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A layer of AllSet: every hyperedge reads the set of its nodes, then every node the set of its hyperedges, with relu after each half. A set is read
/// by Deep Sets, <c>relu(MLP_dec(sum norm relu(MLP_enc(x))))</c>, or by attention to a learned seed,
/// <c>o = LN0(seed + sum softmax(leaky_relu(seed . K x)) V x)</c> in heads, <c>LN1(o + relu(MLP(o)))</c>.
/// </summary>
/// <remarks>
/// <para>
/// The score of attention is one number per row, as in the authors' code, not a product of query and key; no dropout in it. Sums weigh memberships by
/// <see cref="AllSetOptions.Weights"/> and by the graph's own membership weights (give a parameter there to learn a mask); attention does not, and
/// neither reads edge weights. A mean divides by the number of rows, not by their weights. An empty set gives what the networks make of zeros, or of the seed.
/// </para>
/// <para>Source: Chien, Pan, Peng, Milenkovic, You are AllSet, ICLR 2022 (arXiv 2106.13264), as in the authors' code.</para>
/// </remarks>
public sealed class AllSetConv : Layer, IStoredLayer<AllSetConv>
{
    private readonly SetHalf _toEdges;
    private readonly SetHalf _toNodes;
    private readonly Dropout _dropout;

    static AllSetConv() => LayerTypes.Register<AllSetConv>();

    /// <summary>Makes the layer.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a hyperedge, and of a node afterwards.</param>
    /// <param name="options">How sets are read; null means by attention, as the authors do. Layers, classifier and input dropout are a network's alone.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, heads do not divide the features, or an option has no sense.</exception>
    public AllSetConv(int inFeatures, int outFeatures, AllSetOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new AllSetOptions();
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
        _toEdges = Add("v2e", Half(inFeatures, outFeatures, Options, random));
        _toNodes = Add("e2v", Half(outFeatures, outFeatures, Options, random));
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures { get; }

    /// <summary>Features of a hyperedge, and of a node afterwards.</summary>
    public int OutFeatures { get; }

    /// <summary>How sets are read.</summary>
    public AllSetOptions Options { get; }

    /// <summary>Computes the layer.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph) => ToNodes(ToEdges(nodes, graph), graph);

    /// <summary>The first half: what hyperedges make of their nodes.</summary>
    /// <param name="nodes"><c>[N, inFeatures]</c></param>
    /// <param name="graph">N nodes and E hyperedges.</param>
    /// <returns><c>[E, outFeatures]</c>, after relu.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the layer's features.</exception>
    public Tensor ToEdges(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Ops.Relu(_toEdges.Forward(nodes, graph, Toward.Edges));
    }

    /// <summary>The second half: what nodes make of their hyperedges.</summary>
    /// <param name="edges"><c>[E, outFeatures]</c>; a share is dropped while the layer trains.</param>
    /// <param name="graph">N nodes and E hyperedges.</param>
    /// <returns><c>[N, outFeatures]</c>, after relu.</returns>
    /// <exception cref="ArgumentException">edges has not one row per hyperedge or not the layer's features.</exception>
    public Tensor ToNodes(Tensor edges, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        return Ops.Relu(_toNodes.Forward(_dropout.Forward(edges), graph, Toward.Nodes));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"AllSetConv({InFeatures}, {OutFeatures}, {Options})";

    static string IStoredLayer<AllSetConv>.TypeName => "AllSetConv";

    static AllSetConv IStoredLayer<AllSetConv>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), AllSetOptionsStore.Read(settings));

    void IStoredLayer<AllSetConv>.WriteSettings(LayerSettings settings) =>
        AllSetOptionsStore.Write(Options, settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures));

    private static SetHalf Half(int inFeatures, int outFeatures, AllSetOptions options, RandomStream? random) =>
        options.Attention ? new SetAttentionHalf(inFeatures, outFeatures, options, random) : new DeepSetsHalf(inFeatures, outFeatures, options, random);
}
