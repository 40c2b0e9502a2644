namespace HyperKernels.Models;

/// <summary>A Gaussian of independent coordinates for each node.</summary>
/// <param name="Mean"><c>[N, latent]</c></param>
/// <param name="LogDeviation">The logarithm of the standard deviation, <c>[N, latent]</c>.</param>
public readonly record struct HyperAgentLatent(Tensor Mean, Tensor LogDeviation)
{
    /// <summary>A draw: <c>mean + deviation noise</c>.</summary>
    /// <param name="noise">From N(0, 1), <c>[N, latent]</c>.</param>
    /// <returns><c>[N, latent]</c>, differentiable in mean and deviation.</returns>
    public Tensor Sample(Tensor noise) => Ops.Add(Mean, Ops.Multiply(Ops.Exp(LogDeviation), noise));

    /// <summary>How far it is from N(0, 1): the divergence summed over coordinates, the mean over nodes.</summary>
    /// <returns>A scalar.</returns>
    public Tensor Divergence()
    {
        Tensor doubled = Ops.MultiplyScalar(LogDeviation, 2);
        Tensor terms = Ops.Subtract(Ops.Add(Ops.Square(Mean), Ops.Exp(doubled)), Ops.AddScalar(doubled, 1));
        return Ops.Mean(Ops.MultiplyScalar(Ops.Sum(terms, [1]), 0.5f));
    }
}
