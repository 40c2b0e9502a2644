namespace HyperKernels.Models;

/// <summary>
/// What a <see cref="HyperAgent"/> learns by: <c>L = BCE(logits, anchor) + beta KL + lambda mean |S|</c>: the mean binary cross entropy to the anchor's incidence,
/// the divergence of the latent from N(0, 1) (<see cref="HyperAgentLatent.Divergence"/>), and how much of the soft incidence S is left.
/// </summary>
/// <param name="beta">The weight of the divergence.</param>
/// <param name="sparsityWeight">lambda: the higher, the fewer memberships.</param>
public sealed class HyperAgentLoss(float beta = 0.1f, float sparsityWeight = 0.05f)
{
    /// <summary>Computes the whole loss.</summary>
    /// <param name="logits">Of <see cref="HyperAgent.Logits"/>, <c>[N, E]</c>.</param>
    /// <param name="soft">The incidence drawn from them, <c>[N, E]</c>.</param>
    /// <param name="latent">Of <see cref="HyperAgent.Encode"/>.</param>
    /// <param name="anchor">N nodes, E hyperedges.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Loss(Tensor logits, Tensor soft, HyperAgentLatent latent, Incidence anchor)
    {
        Tensor regular = Ops.Add(Ops.MultiplyScalar(latent.Divergence(), beta), Ops.MultiplyScalar(Sparsity(soft), sparsityWeight));
        return Ops.Add(Reconstruction(logits, anchor), regular);
    }

    /// <summary>The mean binary cross entropy of logits to an incidence; a membership that stands twice counts once.</summary>
    /// <param name="logits"><c>[N, E]</c></param>
    /// <param name="anchor">N nodes, E hyperedges.</param>
    /// <returns>A scalar.</returns>
    /// <exception cref="ArgumentException">logits has another shape.</exception>
    public static Tensor Reconstruction(Tensor logits, Incidence anchor)
    {
        ArgumentNullException.ThrowIfNull(anchor);
        (int nodes, int edges) = (anchor.NodeCount, anchor.EdgeCount);
        if (logits.Shape != new Shape([nodes, edges]))
        {
            throw new ArgumentException($"HyperAgentLoss: logits must be [{nodes}, {edges}], nodes by hyperedges; got {logits.Shape}.");
        }
        float[] dense = new float[checked(nodes * edges)];
        for (int pair = 0; pair < anchor.MembershipCount; pair++)
        {
            dense[(anchor.Nodes[pair] * edges) + anchor.Edges[pair]] = 1;
        }
        return Ops.BinaryCrossEntropyWithLogits(logits, Tensor.From(dense, [nodes, edges], logits.Device));
    }

    /// <summary>The mean magnitude of a soft incidence.</summary>
    /// <param name="soft">Any shape.</param>
    /// <returns>A scalar.</returns>
    public static Tensor Sparsity(Tensor soft) => Ops.Mean(Ops.Abs(soft));
}
