namespace HyperKernels.Models;

/// <summary>What is known of training runs: a row each.</summary>
/// <param name="Hyperparameters"><c>[n, h]</c></param>
/// <param name="Budgets">How long each may train, <c>[n]</c>.</param>
/// <param name="Curves">What it scored so far, <c>[n, T]</c>; shorter ones are padded with zeros.</param>
/// <param name="Networks">Vectors of its checkpoint, <c>[n, g]</c>, by a <see cref="NetworkReader"/>; null without.</param>
public readonly record struct TrainingRuns(Tensor Hyperparameters, Tensor Budgets, Tensor Curves, Tensor? Networks = null);
