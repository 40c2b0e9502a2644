namespace HyperKernels.Models;

/// <summary>
/// How a task is learned with intervals: over the first half of its steps epsilon grows linearly from 0 to its value, and kappa falls from 1; after
/// it both have their final values.
/// </summary>
/// <param name="Steps">The number of steps of a task.</param>
/// <param name="Epsilon">The final sum of a radius over the embedding.</param>
/// <param name="Kappa">How much the middle counts in the end.</param>
/// <param name="Fall">By how much kappa falls in a step of the first half.</param>
/// <remarks>Source: the authors' code, gmum/HyperInterval: also that kappa drops to its final value where the first half ends above it.</remarks>
public sealed record IntervalSchedule(int Steps, double Epsilon, double Kappa = 0.5, double Fall = 0.00005)
{
    private int Half => Steps / 2;

    /// <summary>Epsilon at a step, from 0 on.</summary>
    public double EpsilonAt(int step) => step < Half - 1 ? (double)step / (Half - 1) * Epsilon : Epsilon;

    /// <summary>Kappa at a step, from 0 on.</summary>
    public double KappaAt(int step) => step < Half ? Math.Max(1 - (Fall * step), Kappa) : Kappa;
}
