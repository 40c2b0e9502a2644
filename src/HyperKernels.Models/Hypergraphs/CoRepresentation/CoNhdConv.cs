using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A step of co-representation diffusion: memberships change with regard to those of their hyperedge and to those of their node.
/// <c>g_edge = Op_e(f + P p_edge)</c> inside each hyperedge, <c>g_node = Op_v(f + P' p_node)</c> inside each node, <c>f &lt;- U [f; g_edge; g_node; f0]</c>. With ADMM a message m
/// on each side, <c>m &lt;- Op(2 f - m + P p) + m - f</c>, and <c>f &lt;- U [m_edge; m_node; f0]</c>.
/// </summary>
/// <remarks>
/// <para>
/// p are positional encodings. An operator averages (MLP2 of the row and the mean of MLP1), or is the attention of set transformers, of all with all or through k
/// learned rows: M k pairs, or the sum of squared sizes, in one sparse product for all segments.
/// </para>
/// <para>Source: Zheng, Worring, Modeling Edge-Specific Node Features through Co-Representation Neural Hypergraph Diffusion, CIKM 2025 (arXiv 2405.14286), as in the
/// authors' code.</para>
/// </remarks>
public sealed class CoNhdConv : Layer, IStoredLayer<CoNhdConv>
{
    private readonly Linear? _edgeEncoding;
    private readonly Linear? _nodeEncoding;
    private readonly LayerList<SegmentOperator> _inEdges;
    private readonly LayerList<SegmentOperator> _inNodes;
    private readonly Linear _update;
    private readonly LayerNorm? _norm;
    private readonly Dropout _dropout;

    static CoNhdConv() => LayerTypes.Register<CoNhdConv>();

    /// <summary>Makes the layer with PyTorch's first values of linear layers.</summary>
    /// <param name="features">Features of a membership.</param>
    /// <param name="options">Operators, solver and encodings; what concerns a network is not read. Null means the authors' defaults.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or heads do not divide the features.</exception>
    public CoNhdConv(int features, CoNhdOptions? options = null, RandomStream? random = null)
    {
        Features = features;
        Options = options ?? new CoNhdOptions();
        if (Options.OperatorDepth < 1 || Options.Encodings < 0)
        {
            throw new ArgumentException(
                $"CoNhdConv: OperatorDepth must be at least 1 and Encodings not negative; got {Options.OperatorDepth} and {Options.Encodings}.", nameof(options));
        }

        // The authors call what nodes do inside a hyperedge that of v.
        _edgeEncoding = Options.Encodings > 0 ? Add("pe_v", new Linear(Options.Encodings, features, random: random)) : null;
        _nodeEncoding = Options.Encodings > 0 ? Add("pe_e", new Linear(Options.Encodings, features, random: random)) : null;
        _inEdges = Add("enc_v", Operators(random));
        _inNodes = Add("enc_e", Operators(random));
        int read = Options.Solver == CoNhdSolver.Admm ? 3 : 4;
        _update = Add("update_func", new Linear(read * features, features, random: random));
        _norm = Options.LayerNorm ? Add("ln0", new LayerNorm(features)) : null;
        _dropout = Add("dropout", new Dropout(Options.Dropout, random));
    }

    /// <summary>Features of a membership.</summary>
    public int Features { get; }

    /// <summary>What it is made of.</summary>
    public CoNhdOptions Options { get; }

    /// <summary>Makes a step.</summary>
    /// <param name="state">Rows and messages.</param>
    /// <param name="initial">f0: the first rows, <c>[M, features]</c>.</param>
    /// <param name="graph">M memberships, with encodings of the layer's size.</param>
    /// <returns>The same after the step.</returns>
    /// <exception cref="ArgumentException">There is not one row for each membership, or rows or encodings have another size.</exception>
    public CoNhdState Forward(CoNhdState state, Tensor initial, MembershipGraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        graph.CheckEncodings("CoNhdConv", Options.Encodings);
        if (Options.Solver == CoNhdSolver.GradientDescent)
        {
            Tensor inEdges = Operate(state.Rows, graph, Toward.Edges);
            Tensor inNodes = Operate(state.Rows, graph, Toward.Nodes);
            return state with { Rows = Update(state.Rows, inEdges, inNodes, initial) };
        }
        Tensor edges = Message(state.Rows, state.EdgeMessages, graph, Toward.Edges);
        Tensor nodes = Message(state.Rows, state.NodeMessages, graph, Toward.Nodes);
        return new CoNhdState(Update(edges, nodes, initial), edges, nodes);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"CoNhdConv({Features}, {Options})";

    static string IStoredLayer<CoNhdConv>.TypeName => "CoNhdConv";

    static CoNhdConv IStoredLayer<CoNhdConv>.Read(LayerSettings settings) => new(settings.Int("features"), CoNhdOptionsStore.Read(settings));

    void IStoredLayer<CoNhdConv>.WriteSettings(LayerSettings settings) => CoNhdOptionsStore.Write(Options, settings.Set("features", Features));

    private LayerList<SegmentOperator> Operators(RandomStream? random) => SegmentOperator.Chain(
        Options.OperatorDepth, Features, Features, new(Options.Operator, Options.Heads, Options.InducingRows, Options.LayerNorm), random);

    private Tensor Message(Tensor rows, Tensor message, MembershipGraph graph, Toward toward)
    {
        Tensor changed = Operate(Ops.Subtract(Ops.MultiplyScalar(rows, 2), message), graph, toward);
        return Ops.Add(changed, Ops.Subtract(message, rows));
    }

    private Tensor Operate(Tensor rows, MembershipGraph graph, Toward toward)
    {
        bool edges = toward == Toward.Edges;
        LayerList<SegmentOperator> operators = edges ? _inEdges : _inNodes;
        Tensor x = graph.Encode(rows, edges ? _edgeEncoding : _nodeEncoding, toward);
        for (int i = 0; i < operators.Length; i++)
        {
            x = operators[i].Forward(x, graph, toward);
        }
        return _dropout.Forward(x);
    }

    private Tensor Update(params ReadOnlySpan<Tensor> read)
    {
        Tensor rows = _update.Forward(Ops.Concatenate(1, read));
        return _norm?.Forward(rows) ?? rows;
    }
}
