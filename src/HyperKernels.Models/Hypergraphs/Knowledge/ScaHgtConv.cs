using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The semantic channel of MetaHGNIE, a transformer layer over typed hyperedges: <c>h_e = O1 sum softmax_e(&lt;Q1 x_v, K1 P z_e&gt; / sqrt d) V1 x_v</c>,
/// <c>n_v = O2 sum softmax_v(&lt;Q2 x_v, K2 h_e&gt; / sqrt d) V2 h_e</c>, <c>o = BN(n + R x)</c>, <c>y = BN(o + W2 gelu(W1 o))</c>.
/// </summary>
/// <remarks>
/// <para>
/// z is what is known of a hyperedge: the embedding of its type. Scores and sums run over the memberships, without a row for each and without a dense
/// incidence, so that nothing has to be cut into chunks. A node without hyperedges gets <c>n = 0</c>.
/// </para>
/// <para>Source: Chen, He, Shao, Wei, Chen, Yu, Zhao, MetaHGNIE, arXiv 2512.12477, and the authors' code, SEU-WENJIA/DualHNIE (SCAHGTLayer).</para>
/// </remarks>
public sealed class ScaHgtConv : Layer, IStoredLayer<ScaHgtConv>
{
    private const int Expansion = 4;

    private readonly bool _residual;
    private readonly Linear _toInput;
    private readonly Linear _query1;
    private readonly Linear _key1;
    private readonly Linear _value1;
    private readonly Linear _output1;
    private readonly Linear _query2;
    private readonly Linear _key2;
    private readonly Linear _value2;
    private readonly Linear _output2;
    private readonly Mlp _feedForward;
    private readonly BatchNorm? _norm1;
    private readonly BatchNorm? _norm2;
    private readonly Linear? _past;
    private readonly Dropout _dropout;

    static ScaHgtConv() => LayerTypes.Register<ScaHgtConv>();

    /// <summary>Makes the layer with PyTorch's first values.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="edgeFeatures">Features of a hyperedge.</param>
    /// <param name="headFeatures">Features of a node per head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="dropout">The share of nodes' features, and of what the last linear layer gives, that training sets to zero.</param>
    /// <param name="residual">Whether nodes are added to what they are given, and that to its perceptron.</param>
    /// <param name="batchNorm">Whether both sums are normalised.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public ScaHgtConv(
        int inFeatures,
        int edgeFeatures,
        int headFeatures,
        int heads,
        float dropout = 0.2f,
        bool residual = true,
        bool batchNorm = true,
        RandomStream? random = null)
    {
        if (headFeatures < 1 || heads < 1)
        {
            throw new ArgumentException($"ScaHgtConv: headFeatures and heads must be at least 1; got {headFeatures} and {heads}.");
        }
        (Heads, HeadFeatures, _residual) = (heads, headFeatures, residual);
        int width = heads * headFeatures;
        Linear Map(string name, int from, int to) => Add(name, new Linear(from, to, bias: false, random));
        _query1 = Map("n2h_q", inFeatures, width);
        _key1 = Map("n2h_k", inFeatures, width);
        _value1 = Map("n2h_v", inFeatures, width);
        _output1 = Map("n2h_o", width, width);
        _toInput = Map("edge_to_input", edgeFeatures, inFeatures);
        _query2 = Map("h2n_q", inFeatures, width);
        _key2 = Map("h2n_k", width, width);
        _value2 = Map("h2n_v", width, width);
        _output2 = Map("h2n_o", width, width);
        _feedForward = Add("FFN_h", new Mlp([width, Expansion * width, width], Activation.Gelu, random: random));
        _norm1 = batchNorm ? Add("batch_norm1", new BatchNorm(width)) : null;
        _norm2 = batchNorm ? Add("batch_norm2", new BatchNorm(width)) : null;
        _past = residual && inFeatures != width ? Map("res_fc", inFeatures, width) : null;
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>The number of heads.</summary>
    public int Heads { get; }

    /// <summary>Features of a node per head afterwards.</summary>
    public int HeadFeatures { get; }

    /// <summary>Computes the layer.</summary>
    /// <param name="nodes">x: <c>[N, inFeatures]</c>.</param>
    /// <param name="edges">z: <c>[E, edgeFeatures]</c>.</param>
    /// <param name="graph">N nodes and E hyperedges; its weights are not read.</param>
    /// <returns><c>[N, heads * headFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public Tensor Forward(Tensor nodes, Tensor edges, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Incidence incidence = graph.Incidence;
        Tensor told = _dropout.Forward(nodes);
        Tensor weights = Weights(_query1.Forward(told), _key1.Forward(_toInput.Forward(edges)), incidence, Toward.Edges);
        Tensor hyper = _output1.Forward(Flat(Ops.NodesToEdges(Split(_value1.Forward(told)), incidence, weights)));

        Tensor asking = _dropout.Forward(nodes);
        weights = Weights(_query2.Forward(asking), _key2.Forward(hyper), incidence, Toward.Nodes);
        Tensor sum = _output2.Forward(Flat(Ops.EdgesToNodes(Split(_value2.Forward(hyper)), incidence, weights)));
        sum = _residual ? Ops.Add(sum, _past?.Forward(asking) ?? asking) : sum;
        sum = _norm1?.Forward(sum) ?? sum;
        Tensor more = _dropout.Forward(_feedForward.Forward(sum));
        more = _residual ? Ops.Add(sum, more) : more;
        return _norm2?.Forward(more) ?? more;
    }

    private Tensor Split(Tensor rows) => Ops.Reshape(rows, rows.Shape[0], Heads, HeadFeatures);

    private Tensor Flat(Tensor rows) => Ops.Reshape(rows, rows.Shape[0], Heads * HeadFeatures);

    private Tensor Weights(Tensor ofNodes, Tensor ofEdges, Incidence incidence, Toward toward)
    {
        Tensor scores = Ops.SampledDot(Split(ofNodes), Split(ofEdges), incidence, perHead: true);
        return Ops.SegmentSoftmax(Ops.MultiplyScalar(scores, 1 / MathF.Sqrt(HeadFeatures)), incidence, toward);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"ScaHgtConv({_query1.InFeatures}, {_toInput.InFeatures}, headFeatures: {HeadFeatures}, heads: {Heads})";

    static string IStoredLayer<ScaHgtConv>.TypeName => "ScaHgtConv";

    static ScaHgtConv IStoredLayer<ScaHgtConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("edgeFeatures"), settings.Int("headFeatures"), settings.Int("heads"), settings.Number("dropout"),
        settings.Flag("residual"), settings.Flag("batchNorm"));

    void IStoredLayer<ScaHgtConv>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _query1.InFeatures).Set("edgeFeatures", _toInput.InFeatures).Set("headFeatures", HeadFeatures).Set("heads", Heads)
        .Set("dropout", _dropout.Probability).Set("residual", _residual).Set("batchNorm", _norm1 is not null);
}
