namespace HyperKernels.Models;

/// <summary>What a dense block teaches the router of the experts that it was cut into.</summary>
/// <param name="Route">How far the router's shares are from the experts that answer best: the mean over tokens of their Kullback-Leibler divergence.</param>
/// <param name="Balance">The mean of the shares of the experts that are chosen, zeros for the others included.</param>
/// <param name="Labels"><c>[N, E]</c>: one for the k experts whose answers are nearest to the teacher's share; without a gradient.</param>
public sealed record RouterSupervision(Tensor Route, Tensor Balance, Tensor Labels)
{
    /// <summary>The loss to add.</summary>
    /// <param name="routeWeight">Of <see cref="Route"/>.</param>
    /// <param name="balanceWeight">Of <see cref="Balance"/>.</param>
    public Tensor Loss(float routeWeight = 0.05f, float balanceWeight = 0.01f) =>
        Ops.Add(Ops.MultiplyScalar(Route, routeWeight), Ops.MultiplyScalar(Balance, balanceWeight));
}
