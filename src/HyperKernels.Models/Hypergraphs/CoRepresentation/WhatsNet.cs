using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// WHATsNet for classes of nodes that depend on the hyperedge: layers of <see cref="WhatsNetConv"/> from hyperedges of zeros on; then, inside each hyperedge, its nodes
/// attend to each other once more and get logits.
/// </summary>
/// <remarks>
/// The authors encode ranks inside hyperedges by four centralities (<see cref="MembershipRanks.ByCentralities"/>) and start from features of random walks. They train with
/// Adam, learning rate 0.0005 or 0.001 that falls by 0.99 an epoch, 64 hyperedges a batch, 100 epochs. Source: as <see cref="WhatsNetConv"/>; no reference case was
/// computed of it, but its operators are those of <see cref="CoNhd"/>, which has some.
/// </remarks>
public sealed class WhatsNet : Layer, IStoredLayer<WhatsNet>
{
    private readonly LayerList<WhatsNetConv> _convs;
    private readonly LayerList<SegmentOperator> _readout;
    private readonly Linear _output;

    static WhatsNet()
    {
        LayerTypes.Register<WhatsNet>();
        LayerTypes.Register<WhatsNetConv>();
    }

    /// <summary>Makes the network with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of nodes and hyperedges behind the first layer, and of attention; 128 is the authors' default.</param>
    /// <param name="classes">How many logits a membership gets.</param>
    /// <param name="options">What it is made of; null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or heads do not divide the features.</exception>
    public WhatsNet(int inFeatures, int hiddenFeatures, int classes, WhatsNetOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new WhatsNetOptions();
        if (Options.Layers < 1 || Options.ReadoutDepth < 0)
        {
            throw new ArgumentException($"WhatsNet: Layers must be at least 1 and ReadoutDepth not negative; got {Options.Layers} and {Options.ReadoutDepth}.", nameof(options));
        }
        InFeatures = inFeatures;
        _convs = Add("layers", new LayerList<WhatsNetConv>());
        for (int i = 0; i < Options.Layers; i++)
        {
            _convs.With(new WhatsNetConv(i == 0 ? inFeatures : hiddenFeatures, hiddenFeatures, hiddenFeatures, Options, random));
        }
        _readout = Add("readout", SegmentOperator.Chain(
            Options.ReadoutDepth, hiddenFeatures, hiddenFeatures, new(Options.Operator, Options.Heads, Options.InducingRows, Options.LayerNorm), random));
        _output = Add("predict", new Linear(hiddenFeatures, classes, random: random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "whatsnet",
        Title = "Within-hyperedge attention (WHATsNet)",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Choe, Kim, Yoo, Shin", "Classification of Edge-dependent Labels of Nodes in Hypergraphs", "KDD", 2023) { Arxiv = "2306.03032" },
        Equation = "z[e] = W MAB(z[e], ISAB({x[v] + PE : v in e})), x[v] = W' MAB(x[v], ISAB({z[e] + PE : e has v})), logits[v, e] from ISAB({x[v] : v in e})",
        Source = "section 4, with the authors' code",
        Layers = [typeof(WhatsNetConv), typeof(WhatsNet)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.EdgeDependent, HypergraphAggregation.Learned, HypergraphTargets.Memberships,
            Features: HypergraphFeatures.Structural),
        Recipe = "stackoverflow-biology",
    };

    /// <summary>Features of a node.</summary>
    public int InFeatures { get; }

    /// <summary>What it is made of.</summary>
    public WhatsNetOptions Options { get; }

    /// <summary>Computes logits.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes and M memberships, with encodings.</param>
    /// <returns><c>[M, classes]</c>, in the order of the pairs.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the network's features, or encodings have another size.</exception>
    public Tensor Forward(Tensor nodes, MembershipGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        (Tensor x, Tensor z) = (nodes, Tensor.Zeros([graph.Graph.EdgeCount, InFeatures], nodes.Device));
        for (int i = 0; i < _convs.Length; i++)
        {
            (x, z) = _convs[i].Forward(x, z, graph);
        }
        Tensor rows = Ops.NodesToMemberships(x, graph.Graph.Incidence);
        for (int i = 0; i < _readout.Length; i++)
        {
            rows = _readout[i].Forward(rows, graph, Toward.Edges);
        }
        return _output.Forward(rows);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"WhatsNet({InFeatures}, {_output.InFeatures}, {_output.OutFeatures})";

    static string IStoredLayer<WhatsNet>.TypeName => "WhatsNet";

    static WhatsNet IStoredLayer<WhatsNet>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("classes"), WhatsNetOptionsStore.Read(settings));

    void IStoredLayer<WhatsNet>.WriteSettings(LayerSettings settings) => WhatsNetOptionsStore.Write(
        Options, settings.Set("inFeatures", InFeatures).Set("hiddenFeatures", _output.InFeatures).Set("classes", _output.OutFeatures));
}
