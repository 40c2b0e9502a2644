namespace HyperKernels.Models;

/// <summary>
/// Shares that add up to one, of which many may be exactly zero: <c>p_i = max((alpha - 1) s_i - tau, 0)^(1 / (alpha - 1))</c> with the tau at which they do. Alpha 1 is the
/// softmax, 2 the sparsemax.
/// </summary>
/// <remarks>
/// tau is found by bisection, and gradients do not pass through that: with <c>g = p^(2 - alpha)</c> where p is not zero, <c>ds = g dp - g (sum g dp) / sum g</c>.
/// Source: Peters, Niculae, Martins, Sparse Sequence-to-Sequence Models, ACL 2019 (arXiv 1905.05702), eq. 10, 13 and algorithm 1.
/// </remarks>
public static class Entmax
{
    // As many halvings of an interval of one as a float near one can tell apart, and two more.
    private const int Halvings = 26;

    /// <summary>Computes the shares along the last axis.</summary>
    /// <param name="scores"><c>[..., N]</c></param>
    /// <param name="alpha">At least 1.</param>
    /// <returns>The shape of the scores; differentiable once (any number of times for alpha 1).</returns>
    /// <exception cref="ArgumentException">alpha is below 1, or there are no scores along the last axis.</exception>
    public static Tensor Of(Tensor scores, float alpha)
    {
        if (!(alpha >= 1) || !float.IsFinite(alpha) || scores.Rank == 0 || scores.Shape[-1] == 0)
        {
            throw new ArgumentException($"Entmax: alpha must be at least 1 and the scores [..., N]; got {alpha} and {scores.Shape}.");
        }
        if (alpha == 1)
        {
            return Ops.Softmax(scores);
        }
        Tensor shares = Shares(Ops.Detach(scores), alpha);
        Tensor slope = Ops.Where(Ops.Step(shares), Ops.PowerScalar(shares, 2 - alpha), Tensor.Zeros([], scores.Device));
        Tensor mean = Ops.Divide(Ops.Sum(Ops.Multiply(slope, scores), [-1], keepAxes: true), Ops.Sum(slope, [-1], keepAxes: true));
        // Nothing is added but the gradient.
        Tensor tangent = Ops.Multiply(slope, Ops.Subtract(scores, mean));
        return Ops.Add(shares, Ops.Subtract(tangent, Ops.Detach(tangent)));
    }

    private static Tensor Shares(Tensor scores, float alpha)
    {
        float power = 1 / (alpha - 1);
        Tensor z = Ops.MultiplyScalar(Ops.Subtract(scores, Ops.Max(scores, [-1], keepAxes: true)), alpha - 1);
        Tensor Powers(Tensor tau) => Ops.PowerScalar(Ops.Relu(Ops.Subtract(z, tau)), power);

        // The largest share is at least 1 / N and at most 1.
        float width = 1 - MathF.Pow(scores.Shape[-1], 1 - alpha);
        Tensor tau = Tensor.Full(scores.Shape.With(scores.Rank - 1, 1), -1, scores.Device);
        for (int i = 0; i < Halvings; i++)
        {
            width /= 2;
            // A share too many: tau is higher.
            Tensor excess = Ops.AddScalar(Ops.Sum(Powers(Ops.AddScalar(tau, width)), [-1], keepAxes: true), -1);
            tau = Ops.Add(tau, Ops.MultiplyScalar(Ops.Step(excess), width));
        }
        Tensor powers = Powers(tau);
        return Ops.Divide(powers, Ops.Sum(powers, [-1], keepAxes: true));
    }
}
