namespace HyperKernels.Cases;

/// <summary>Parameters of an <see cref="OptimizerCase"/> that share options.</summary>
/// <param name="Parameters">The parameters.</param>
/// <param name="LearningRate">Their learning rate; null means the row's.</param>
/// <param name="WeightDecay">Their weight decay; null means the row's.</param>
public sealed record OptimizerGroup(IReadOnlyList<OptimizerParameter> Parameters, float? LearningRate = null, float? WeightDecay = null);
