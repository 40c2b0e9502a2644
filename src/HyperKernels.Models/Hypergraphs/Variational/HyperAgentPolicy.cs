namespace HyperKernels.Models;

/// <summary>
/// Teaches a <see cref="HyperAgent"/> by what a task pays for the hypergraph that it drew, a policy's gradient (REINFORCE):
/// <c>L = -(reward - baseline) log p(S)</c>, <c>log p(S) = sum over nodes and hyperedges of log Bernoulli(S_ve; sigmoid l_ve)</c>.
/// </summary>
/// <remarks>
/// The reward need not be differentiable. The baseline, a running mean of rewards, changes the gradient's variance alone. No code of the authors is known: this is the plain
/// form of what the paper names; its regularisers are those of <see cref="HyperAgentLoss"/>, added by the caller. Source: as <see cref="HyperAgent"/>; Williams, Simple
/// Statistical Gradient-Following Algorithms for Connectionist Reinforcement Learning, Machine Learning 1992.
/// </remarks>
/// <param name="momentum">How much of the baseline stays at each reward.</param>
public sealed class HyperAgentPolicy(float momentum = 0.9f)
{
    private bool _isPaid;

    /// <summary>The running mean of rewards; the first one at first.</summary>
    public double Baseline { get; private set; }

    /// <summary>Draws a hypergraph.</summary>
    /// <param name="logits">Of <see cref="HyperAgent.Logits"/>, <c>[N, E]</c>.</param>
    /// <param name="uniform">Draws from [0, 1), shaped as logits.</param>
    /// <returns>Ones and zeros, shaped as logits; a draw has no gradient.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor Draw(Tensor logits, Tensor uniform)
    {
        if (logits.Shape != uniform.Shape)
        {
            throw new ArgumentException($"HyperAgentPolicy: there must be a draw for each logit, {logits.Shape}; got {uniform.Shape}.");
        }
        float[] chances = uniform.ToArray();
        float[] drawn = [.. logits.ToArray().Select((logit, i) => chances[i] < 1 / (1 + Math.Exp(-logit)) ? 1f : 0)];
        return Tensor.From(drawn, logits.Shape, logits.Device);
    }

    /// <summary>A draw as a hypergraph, hyperedges without members among them; the caller's to dispose.</summary>
    /// <param name="drawn">Ones and zeros, <c>[N, E]</c>.</param>
    /// <exception cref="ArgumentException">It is no matrix.</exception>
    public static Hypergraph Graph(Tensor drawn)
    {
        if (drawn.Rank != 2)
        {
            throw new ArgumentException($"HyperAgentPolicy: a draw must be [nodes, hyperedges]; got {drawn.Shape}.");
        }
        (int nodes, int edges) = (drawn.Shape[0], drawn.Shape[1]);
        float[] members = drawn.ToArray();
        int[] pairs = [.. Enumerable.Range(0, members.Length).Where(pair => members[pair] != 0)];
        return Hypergraph.FromPairs(nodes, edges, Array.ConvertAll(pairs, pair => pair / edges), Array.ConvertAll(pairs, pair => pair % edges), drawn.Device);
    }

    /// <summary>How likely a draw was.</summary>
    /// <param name="logits"><c>[N, E]</c></param>
    /// <param name="drawn">Ones and zeros, shaped as logits.</param>
    /// <returns>The logarithm, a scalar, differentiable in logits.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor LogProbability(Tensor logits, Tensor drawn) => Ops.Neg(Ops.BinaryCrossEntropyWithLogits(logits, drawn, Reduction.Sum));

    /// <summary>The loss whose gradient makes draws that paid more than usual likelier.</summary>
    /// <param name="logits"><c>[N, E]</c></param>
    /// <param name="drawn">What was drawn from them, shaped as logits.</param>
    /// <param name="advantage">Of <see cref="Advantage"/>, or a reward as it is.</param>
    /// <returns>A scalar; its value tells nothing.</returns>
    /// <exception cref="ArgumentException">The shapes differ.</exception>
    public static Tensor Loss(Tensor logits, Tensor drawn, double advantage) => Ops.MultiplyScalar(LogProbability(logits, drawn), (float)-advantage);

    /// <summary>How much more a reward is than the baseline, which then takes its share of it.</summary>
    /// <param name="reward">What the task paid.</param>
    /// <returns>0 for the first.</returns>
    public double Advantage(double reward)
    {
        Baseline = _isPaid ? Baseline : reward;
        _isPaid = true;
        double advantage = reward - Baseline;
        Baseline += (1 - momentum) * advantage;
        return advantage;
    }
}
