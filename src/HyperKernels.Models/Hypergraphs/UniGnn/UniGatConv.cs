using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// UniGAT: <c>x'[v] = sum over the hyperedges e of v of alpha[v, e] h[e]</c>, in every head with <c>alpha = softmax over the hyperedges of v of
/// leaky(att . h[e])</c>, slope 0.2.
/// </summary>
/// <remarks>
/// <para>
/// The score reads the hyperedge alone, as in the authors' code (which holds a vector for the node too and never uses it). A node without
/// hyperedges gets zeros (<see cref="UniGnn.WithSelfLoops"/> helps). Scores are a number per membership and head; rows are never copied to memberships.
/// </para>
/// <para><see cref="UniConv"/> says what h is and where it is from. Membership weights multiply alpha after the softmax.</para>
/// </remarks>
public sealed class UniGatConv : UniConv, IStoredLayer<UniGatConv>
{
    private const float Slope = 0.2f;

    private readonly Parameter _attention;
    private readonly Dropout _dropout;

    static UniGatConv() => LayerTypes.Register<UniGatConv>();

    /// <summary>Makes the layer with PyTorch's first values of a linear layer, and the authors' for the attention.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node in each head afterwards.</param>
    /// <param name="heads">The number of heads.</param>
    /// <param name="first">How hyperedges gather their members.</param>
    /// <param name="rowNorm">Whether rows of nodes are divided by their length.</param>
    /// <param name="skip">Whether <c>x[v] W^T</c> is added, after the division by the length.</param>
    /// <param name="dropout">The share of alpha that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or dropout is not in [0, 1].</exception>
    public UniGatConv(
        int inFeatures, int outFeatures, int heads = 1, SetAggregation first = SetAggregation.Mean, bool rowNorm = false, bool skip = false, float dropout = 0,
        RandomStream? random = null)
        : base(inFeatures, outFeatures, heads, first, rowNorm, random)
    {
        Skip = skip;
        _attention = AddParameter("att_e", [1, heads, outFeatures], HeadScores.Initial(heads, outFeatures), random);
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>Whether <c>x[v] W^T</c> is added.</summary>
    public bool Skip { get; }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "unigat",
        Title = "UniGAT: attention over a node's hyperedges",
        Kind = SystemKind.Hypergraphs,
        Paper = UniGnn.Published.Paper,
        Equation = "x'[v] = sum_e softmax_v(leaky(att . h[e])) h[e], h[e] = mean_{v in e} x[v] W",
        Source = "section 3, and the authors' code, OneForward/UniGNN",
        Layers = [typeof(UniGatConv)],
        HypergraphDesign = new(HypergraphStructure.Hypergraph, HypergraphMessages.EdgeConsistent, HypergraphAggregation.Learned),
        Cases = ["unigat"],
        Recipe = "cora-cocitation",
    };

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor rows = Transform(nodes);
        Tensor edges = UniMessages.ToEdges(rows, graph, First);
        Tensor scores = Ops.Linear(edges, HeadScores.Matrix(_attention.Value), null, Activation.LeakyRelu(Slope));
        Tensor alpha = Ops.SegmentSoftmax(Ops.EdgesToMemberships(scores, graph.Incidence), graph.Incidence, Toward.Nodes);
        alpha = _dropout.Forward(alpha);
        if (graph.MembershipWeightsToward(Toward.Nodes) is { } weights)
        {
            alpha = Ops.Multiply(alpha, Ops.Reshape(weights, graph.MembershipCount, 1));
        }
        Tensor gathered = Ops.EdgesToNodes(Ops.Reshape(edges, graph.EdgeCount, Heads, OutFeatures), graph.Incidence, alpha);
        gathered = Normalise(Ops.Reshape(gathered, graph.NodeCount, Heads * OutFeatures));
        return Skip ? Ops.Add(gathered, rows) : gathered;
    }

    static string IStoredLayer<UniGatConv>.TypeName => "UniGatConv";

    static UniGatConv IStoredLayer<UniGatConv>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("heads"), settings.Choice<SetAggregation>("first"), settings.Flag("rowNorm"),
        settings.Flag("skip"), settings.Number("dropout"));

    void IStoredLayer<UniGatConv>.WriteSettings(LayerSettings settings) =>
        WriteCommon(settings).Set("skip", Skip).Set("dropout", _dropout.Probability);
}
