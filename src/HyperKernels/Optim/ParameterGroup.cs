namespace HyperKernels.Optim;

/// <summary>Parameters that share options which may differ from the optimiser's.</summary>
/// <param name="parameters">The parameters.</param>
/// <param name="learningRate">Their learning rate; null means the optimiser's.</param>
/// <param name="weightDecay">Their weight decay; null means the optimiser's.</param>
public sealed class ParameterGroup(IEnumerable<Parameter> parameters, float? learningRate = null, float? weightDecay = null)
{
    /// <summary>The parameters.</summary>
    public IReadOnlyList<Parameter> Parameters { get; } = Throw.IfAnyNull("ParameterGroup", parameters);

    /// <summary>Their learning rate; null means the optimiser's.</summary>
    public float? LearningRate { get; set; } = learningRate;

    /// <summary>Their weight decay; null means the optimiser's.</summary>
    public float? WeightDecay { get; set; } = weightDecay;
}
