using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A layer of WHATsNet: the nodes of a hyperedge attend to each other and then to what the hyperedge was, and the same the other way:
/// <c>z[e] = W MAB(z[e], Op({x[v] + P p : v in e}))</c>, <c>x[v] = W' MAB(x[v], Op'({z[e] + P' p : e has v}))</c>.
/// </summary>
/// <remarks>
/// <para>
/// MAB is the attention block of set transformers with one query, p are positional encodings. A hyperedge without nodes, or a node without hyperedges, reads nothing: its
/// query alone goes on.
/// </para>
/// <para>
/// Source: Choe, Kim, Yoo, Shin, Classification of Edge-dependent Labels of Nodes in Hypergraphs, KDD 2023 (arXiv 2306.03032), section 4, and the authors' code.
/// </para>
/// </remarks>
public sealed class WhatsNetConv : Layer, IStoredLayer<WhatsNetConv>
{
    private readonly Half _toEdges;
    private readonly Half _toNodes;

    static WhatsNetConv() => LayerTypes.Register<WhatsNetConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node and of a hyperedge.</param>
    /// <param name="hiddenFeatures">Those that attention works with.</param>
    /// <param name="outFeatures">Features of a node and of a hyperedge afterwards.</param>
    /// <param name="options">Operators and encodings; what concerns a network is not read. Null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or heads do not divide the hidden features.</exception>
    public WhatsNetConv(int inFeatures, int hiddenFeatures, int outFeatures, WhatsNetOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new WhatsNetOptions();
        if (Options.OperatorDepth < 1 || Options.Encodings < 0)
        {
            throw new ArgumentException(
                $"WhatsNetConv: OperatorDepth must be at least 1 and Encodings not negative; got {Options.OperatorDepth} and {Options.Encodings}.", nameof(options));
        }
        (InFeatures, HiddenFeatures, OutFeatures) = (inFeatures, hiddenFeatures, outFeatures);
        _toEdges = Add("to_edges", new Half(inFeatures, inFeatures, hiddenFeatures, outFeatures, Options, random));
        _toNodes = Add("to_nodes", new Half(outFeatures, inFeatures, hiddenFeatures, outFeatures, Options, random));
    }

    /// <summary>Features of a node and of a hyperedge.</summary>
    public int InFeatures { get; }

    /// <summary>Those that attention works with.</summary>
    public int HiddenFeatures { get; }

    /// <summary>Features of a node and of a hyperedge afterwards.</summary>
    public int OutFeatures { get; }

    /// <summary>What it is made of.</summary>
    public WhatsNetOptions Options { get; }

    /// <summary>Computes the layer.</summary>
    /// <param name="nodes">X: one row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="edges">Z: one row per hyperedge, <c>[E, inFeatures]</c>.</param>
    /// <param name="graph">N nodes and E hyperedges, with encodings of the layer's size.</param>
    /// <returns><c>[N, outFeatures]</c> and <c>[E, outFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">There is not one row for each node and hyperedge, or rows or encodings have another size.</exception>
    public (Tensor Nodes, Tensor Edges) Forward(Tensor nodes, Tensor edges, MembershipGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.CheckEncodings("WhatsNetConv", Options.Encodings);
        Incidence incidence = graph.Graph.Incidence;
        Tensor newEdges = _toEdges.Forward(Ops.NodesToMemberships(nodes, incidence), edges, graph, Toward.Edges);
        Tensor newNodes = _toNodes.Forward(Ops.EdgesToMemberships(newEdges, incidence), nodes, graph, Toward.Nodes);
        return (newNodes, newEdges);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"WhatsNetConv({InFeatures}, {HiddenFeatures}, {OutFeatures}, {Options})";

    static string IStoredLayer<WhatsNetConv>.TypeName => "WhatsNetConv";

    static WhatsNetConv IStoredLayer<WhatsNetConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("outFeatures"), WhatsNetOptionsStore.Read(settings));

    void IStoredLayer<WhatsNetConv>.WriteSettings(LayerSettings settings) => WhatsNetOptionsStore.Write(
        Options, settings.Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("outFeatures", OutFeatures));

    /// <summary>Toward one side: memberships change inside the segments of that side, and each segment gathers them by one query.</summary>
    private sealed class Half : Layer
    {
        private readonly Linear? _encoding;
        private readonly LayerList<SegmentOperator> _operators;
        private readonly AttentionBlock _gather;
        private readonly Linear _output;
        private readonly Dropout _dropout;

        public Half(int memberFeatures, int queryFeatures, int hiddenFeatures, int outFeatures, WhatsNetOptions options, RandomStream? random)
        {
            _encoding = options.Encodings > 0 ? Add("pe", new Linear(options.Encodings, memberFeatures, random: random)) : null;
            _operators = Add("enc", SegmentOperator.Chain(
                options.OperatorDepth, memberFeatures, hiddenFeatures, new(options.Operator, options.Heads, options.InducingRows, options.LayerNorm), random));
            _gather = Add("dec", new AttentionBlock(queryFeatures, hiddenFeatures, hiddenFeatures, options.Heads, options.LayerNorm, random));
            _output = Add("output", new Linear(hiddenFeatures, outFeatures, random: random));
            _dropout = Add("dropout", new Dropout(options.Dropout, random));
        }

        public Tensor Forward(Tensor members, Tensor queries, MembershipGraph graph, Toward toward)
        {
            Tensor x = graph.Encode(members, _encoding, toward);
            for (int i = 0; i < _operators.Length; i++)
            {
                x = _operators[i].Forward(x, graph, toward);
            }
            Tensor gathered = _gather.Forward(queries, _dropout.Forward(x), graph.PairsWithRows(toward, 1), Toward.Edges);
            return _output.Forward(_dropout.Forward(gathered));
        }
    }
}
