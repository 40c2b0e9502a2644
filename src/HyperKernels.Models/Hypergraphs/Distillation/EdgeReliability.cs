namespace HyperKernels.Models;

/// <summary>
/// How far a teacher can be trusted on a hyperedge: <c>p_e = 1 - |dH_e| / max |dH|</c>, where <c>dH_e</c> is how much the mean entropy of its members' class
/// distributions changes when features are disturbed. Hyperedges on which the teacher wavers are kept rarely (LightHGNN+).
/// </summary>
/// <remarks>
/// A hyperedge without members changes by nothing and is kept; where no hyperedge changes, all are. Source: Feng, Luo, Ying, Gao, LightHGNN, ICLR 2024 (arXiv
/// 2402.04296), section 4.2, and the authors' code.
/// </remarks>
public static class EdgeReliability
{
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Disturbs features as the authors' code does: <c>x (1 + n) level</c> with n from N(0, 1).</summary>
    /// <param name="nodes">Features, any shape.</param>
    /// <param name="random">Draws the noise.</param>
    /// <param name="level">1 in the authors' runs.</param>
    /// <returns>Shaped as nodes.</returns>
    public static Tensor Disturb(Tensor nodes, RandomStream random, float level = 1) =>
        Ops.MultiplyScalar(Ops.Multiply(nodes, Ops.RandomNormal(nodes.Shape, random, mean: 1, device: nodes.Device)), level);

    /// <summary>The mean over members of the entropy of their class distributions.</summary>
    /// <param name="logits"><c>[N, classes]</c></param>
    /// <param name="incidence">N nodes, E hyperedges.</param>
    /// <returns><c>[E]</c>, natural logarithms; 0 for a hyperedge without members.</returns>
    /// <exception cref="ArgumentException">logits is not a matrix of a row per node.</exception>
    public static Tensor Entropy(Tensor logits, Incidence incidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        Tensor probabilities = Ops.Softmax(logits);
        Tensor logarithms = Ops.Log(Ops.Clamp(probabilities, SmallestNormal, float.MaxValue));
        return MemberMean.Of(Ops.Neg(Ops.Sum(Ops.Multiply(probabilities, logarithms), [1])), incidence);
    }

    /// <summary>How much each hyperedge's entropy changes: <c>|dH_e|</c>.</summary>
    /// <param name="clean">The teacher's logits, <c>[N, classes]</c>.</param>
    /// <param name="disturbed">Its logits of disturbed features, <c>[N, classes]</c>.</param>
    /// <param name="incidence">N nodes, E hyperedges.</param>
    /// <returns><c>[E]</c></returns>
    /// <exception cref="ArgumentException">logits are not matrices of a row per node.</exception>
    public static Tensor Change(Tensor clean, Tensor disturbed, Incidence incidence) =>
        Ops.Abs(Ops.Subtract(Entropy(disturbed, incidence), Entropy(clean, incidence)));

    /// <summary>The probability that a hyperedge is kept.</summary>
    /// <param name="change">Of <see cref="Change"/>, <c>[E]</c>.</param>
    /// <returns><c>p_e</c>, <c>[E]</c>, from 0 to 1.</returns>
    /// <exception cref="ArgumentException">change is not a vector.</exception>
    public static Tensor KeepProbability(Tensor change)
    {
        if (change.Rank != 1)
        {
            throw new ArgumentException($"EdgeReliability: the change must be [E], one per hyperedge; got {change.Shape}.");
        }
        if (change.Shape[0] == 0)
        {
            return change;
        }
        Tensor largest = Ops.Clamp(Ops.Max(change, [0]), SmallestNormal, float.MaxValue);
        return Ops.AddScalar(Ops.Neg(Ops.Divide(change, largest)), 1);
    }

    /// <summary>Draws which hyperedges are kept.</summary>
    /// <param name="probability">Of <see cref="KeepProbability"/>, <c>[E]</c>.</param>
    /// <param name="random">Draws one number for each hyperedge.</param>
    /// <returns>1 for those that are kept, 0 for others, <c>[E]</c>.</returns>
    public static Tensor Sample(Tensor probability, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        return Ops.Step(Ops.Subtract(probability, Ops.RandomUniform(probability.Shape, random, device: probability.Device)));
    }
}
