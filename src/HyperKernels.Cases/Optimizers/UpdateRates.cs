namespace HyperKernels.Cases;

/// <summary>What an <see cref="UpdateRule"/> is told about a step.</summary>
/// <param name="Step">Its number, from 1.</param>
/// <param name="LearningRate">The parameter's learning rate, times the schedule's factor.</param>
/// <param name="WeightDecay">The parameter's weight decay.</param>
public readonly record struct UpdateRates(int Step, double LearningRate, double WeightDecay);
