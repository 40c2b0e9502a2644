using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The structure channel of MetaHGNIE: <c>h_v = W x_v</c>, <c>h_e = sum softmax_e(leaky_relu(&lt;a, h_v&gt; + &lt;b, z_e&gt;)) h_v</c> per head, and
/// <c>y_v = relu(sum over the hyperedges of v of h_e + R x_v)</c>.
/// </summary>
/// <remarks>
/// z is what is known of a hyperedge: the embedding of its type. Of the scores there is one number for each membership and head; features never are copied
/// for each membership. Source as for <see cref="ScaHgtConv"/>: the authors' HGSALayer.
/// </remarks>
public sealed class TypedAttentionConv : Layer, IStoredLayer<TypedAttentionConv>
{
    private readonly bool _residual;
    private readonly Parameter _weight;
    private readonly Parameter _ofNode;
    private readonly Parameter _ofEdge;
    private readonly Parameter? _past;
    private readonly Dropout _dropout;
    private readonly Dropout _attentionDropout;

    static TypedAttentionConv() => LayerTypes.Register<TypedAttentionConv>();

    /// <summary>Makes the layer with the authors' first values: Xavier-uniform with the gain of ReLU.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="edgeFeatures">Features of a hyperedge.</param>
    /// <param name="headFeatures">Features of a node per head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="slope">Of the leaky ReLU.</param>
    /// <param name="dropout">The share of nodes' features that training sets to zero.</param>
    /// <param name="attentionDropout">The share of attention weights that training sets to zero.</param>
    /// <param name="residual">Whether <c>R x_v</c> is added; x itself where it has as many features.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a dropout is not in [0, 1].</exception>
    public TypedAttentionConv(
        int inFeatures,
        int edgeFeatures,
        int headFeatures,
        int heads,
        float slope = 0.2f,
        float dropout = 0.2f,
        float attentionDropout = 0.3f,
        bool residual = true,
        RandomStream? random = null)
    {
        if (inFeatures < 1 || edgeFeatures < 1 || headFeatures < 1 || heads < 1)
        {
            throw new ArgumentException($"TypedAttentionConv: all sizes must be at least 1; got {inFeatures}, {edgeFeatures}, {headFeatures} and {heads} heads.");
        }
        (Slope, _residual) = (slope, residual);
        Initializer first = Initializer.XavierUniform(Initializer.Gain(Activation.Relu));
        _weight = AddParameter("weight", [heads * headFeatures, inFeatures], first, random);
        _ofNode = AddParameter("attn_src", [1, heads, headFeatures], first, random);
        _ofEdge = AddParameter("attn_edge", [1, heads, edgeFeatures], first, random);
        _past = residual && inFeatures != heads * headFeatures ? AddParameter("res_fc", [heads * headFeatures, inFeatures], first, random) : null;
        _dropout = Add("dropout", new Dropout(dropout, random));
        _attentionDropout = Add("attention_dropout", new Dropout(attentionDropout, random));
    }

    /// <summary>The slope of the leaky ReLU.</summary>
    public float Slope { get; }

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
        (int heads, int width) = (_ofNode.Shape[1], _ofNode.Shape[2]);
        Tensor rows = Ops.Reshape(Ops.Linear(_dropout.Forward(nodes), _weight), nodes.Shape[0], heads, width);
        Tensor ofNodes = Ops.NodesToMemberships(Ops.Sum(Ops.Multiply(rows, _ofNode.Value), [2]), incidence);
        Tensor ofEdges = Ops.EdgesToMemberships(Ops.Linear(edges, Ops.Reshape(_ofEdge.Value, heads, _ofEdge.Shape[2])), incidence);
        Tensor scores = Ops.LeakyRelu(Ops.Add(ofNodes, ofEdges), Slope);
        Tensor weights = _attentionDropout.Forward(Ops.SegmentSoftmax(scores, incidence, Toward.Edges));
        Tensor sums = Ops.EdgesToNodes(Ops.NodesToEdges(rows, incidence, weights), incidence);
        Tensor flat = Ops.Reshape(sums, nodes.Shape[0], heads * width);
        return Ops.Relu(_residual ? Ops.Add(flat, _past is null ? nodes : Ops.Linear(nodes, _past)) : flat);
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"TypedAttentionConv({_weight.Shape[1]}, {_ofEdge.Shape[2]}, headFeatures: {_ofNode.Shape[2]}, heads: {_ofNode.Shape[1]})";

    static string IStoredLayer<TypedAttentionConv>.TypeName => "TypedAttentionConv";

    static TypedAttentionConv IStoredLayer<TypedAttentionConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("edgeFeatures"), settings.Int("headFeatures"), settings.Int("heads"), settings.Number("slope"),
        settings.Number("dropout"), settings.Number("attentionDropout"), settings.Flag("residual"));

    void IStoredLayer<TypedAttentionConv>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _weight.Shape[1]).Set("edgeFeatures", _ofEdge.Shape[2]).Set("headFeatures", _ofNode.Shape[2]).Set("heads", _ofNode.Shape[1])
        .Set("slope", Slope).Set("dropout", _dropout.Probability).Set("attentionDropout", _attentionDropout.Probability).Set("residual", _residual);
}
