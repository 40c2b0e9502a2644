namespace HyperKernels.Models;

/// <summary>A layer of your own that a target with intervals of weights may hold: it computes with <see cref="IntervalOps"/>.</summary>
public interface IIntervalLayer
{
    /// <summary>Computes the layer's output.</summary>
    /// <param name="input">What comes in.</param>
    /// <param name="pass">Gives the weights, and runs layers inside this one.</param>
    /// <returns>What comes out; <see cref="IntervalTensor.IsNonNegative"/> says whether a product may follow.</returns>
    IntervalTensor Forward(IntervalTensor input, IntervalPass pass);
}
