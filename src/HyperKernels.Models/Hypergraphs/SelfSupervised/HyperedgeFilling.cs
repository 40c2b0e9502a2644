using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Hyperedge filling: which node completes a hyperedge? For every hyperedge e of two members or more and every member q,
/// <c>L += -&lt;query, key_q&gt; + log sum_j e^&lt;query, key_j&gt;</c> with <c>query = head_set(sum of z over e without q)</c> and <c>key_j = head_node(z_j)</c>, both
/// brought to length 1; j runs over all nodes. Summed, not averaged, and without a temperature.
/// </summary>
/// <remarks>
/// <para>
/// Scores are a matrix of memberships by nodes. <see cref="Loss(Tensor, Incidence)"/> makes it for all hyperedges at once; where it is too large, take the
/// loss of some hyperedges at a time, with a tape of its own over a copy of z, and lead the sum of the gradients of z back through the encoder
/// (<see cref="Tape.Backward(Tensor, Tensor)"/>): the same gradient, one batch in memory at a time.
/// </para>
/// <para>
/// The authors' script leaves out a last hyperedge of two members; here it counts. Source: Kim and others, HypeBoy, ICLR 2024 (arXiv 2404.00638), section
/// 3, and the authors' code.
/// </para>
/// </remarks>
public sealed class HyperedgeFilling : Layer, IStoredLayer<HyperedgeFilling>
{
    private readonly Mlp _node;
    private readonly Mlp _set;

    static HyperedgeFilling() => LayerTypes.Register<HyperedgeFilling>();

    /// <summary>Makes the two heads, each <c>W2 relu(W1 z + b1) + b2</c>, with PyTorch's first values of linear layers.</summary>
    /// <param name="features">Features of an embedding.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is less than 1.</exception>
    public HyperedgeFilling(int features, RandomStream? random = null)
    {
        _node = Add("head_node", new Mlp([features, features, features], random: random));
        _set = Add("head_set", new Mlp([features, features, features], random: random));
    }

    /// <summary>Computes the loss of all hyperedges.</summary>
    /// <param name="embedding">z, <c>[N, features]</c>.</param>
    /// <param name="incidence">The hyperedges to fill: all of them, not those that the encoder saw.</param>
    /// <returns>A scalar; zero if no hyperedge has two members.</returns>
    /// <exception cref="ArgumentException">embedding has not one row per node or not the heads' features.</exception>
    public Tensor Loss(Tensor embedding, Incidence incidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        return Loss(embedding, incidence, 0, incidence.EdgeCount);
    }

    /// <summary>Computes the loss of some hyperedges; those of all batches add up to the whole.</summary>
    /// <param name="embedding">z, <c>[N, features]</c>.</param>
    /// <param name="incidence">The hyperedges to fill.</param>
    /// <param name="firstEdge">The first hyperedge of the batch.</param>
    /// <param name="edges">How many follow, that one included.</param>
    /// <returns>A scalar; zero if none of them has two members.</returns>
    /// <exception cref="ArgumentException">A hyperedge is out of range, or embedding has not one row per node or not the heads' features.</exception>
    public Tensor Loss(Tensor embedding, Incidence incidence, int firstEdge, int edges)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        if (firstEdge < 0 || edges < 0 || firstEdge > incidence.EdgeCount - edges)
        {
            throw new ArgumentException(
                $"HyperedgeFilling: hyperedges must be among the {incidence.EdgeCount} there are; got {edges} from {firstEdge} on.");
        }
        List<int> members = [];
        List<int> sets = [];
        for (int edge = firstEdge; edge < firstEdge + edges; edge++)
        {
            ReadOnlySpan<int> all = incidence.MembersOf(edge);
            if (all.Length >= 2)
            {
                members.AddRange(all);
                sets.AddRange(Enumerable.Repeat(edge, all.Length));
            }
        }
        if (members.Count == 0)
        {
            return Tensor.Zeros([], embedding.Device);
        }
        Tensor left = Tensor.From([.. members], [members.Count], incidence.Device);
        Tensor keys = Ops.L2Normalize(_node.Forward(embedding));
        Tensor sums = Ops.GatherRows(Ops.NodesToEdges(embedding, incidence), Tensor.From([.. sets], [sets.Count], incidence.Device));
        Tensor queries = Ops.L2Normalize(_set.Forward(Ops.Subtract(sums, Ops.GatherRows(embedding, left))));
        Tensor scores = Ops.LogSumExp(Ops.Matmul(queries, keys, transposeB: true), [1]);
        return Ops.Subtract(Ops.Sum(scores), Ops.Sum(Ops.Multiply(queries, Ops.GatherRows(keys, left))));
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HyperedgeFilling({_node.Layers[0].InFeatures})";

    static string IStoredLayer<HyperedgeFilling>.TypeName => "HyperedgeFilling";

    static HyperedgeFilling IStoredLayer<HyperedgeFilling>.Read(LayerSettings settings) => new(settings.Int("features"));

    void IStoredLayer<HyperedgeFilling>.WriteSettings(LayerSettings settings) => settings.Set("features", _node.Layers[0].InFeatures);
}
