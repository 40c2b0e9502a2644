namespace HyperKernels.Models;

/// <summary>How a <see cref="SelfTuner"/> alternates and perturbs; the defaults are those of the self-tuning networks' authors.</summary>
public sealed record SelfTunerOptions
{
    /// <summary>Steps on the weights in a cycle.</summary>
    public int TrainingSteps { get; init; } = 2;

    /// <summary>Steps on the hyperparameters that follow them.</summary>
    public int ValidationSteps { get; init; } = 1;

    /// <summary>Steps on the weights before the first cycle; the authors take five epochs.</summary>
    public long WarmUpSteps { get; init; }

    /// <summary>Adam's rate for the hyperparameters.</summary>
    public float LearningRate { get; init; } = 3e-3f;

    /// <summary>Whether the widths of the perturbation are learned too; then hyperparameters are perturbed on validation steps as well.</summary>
    public bool TuneScales { get; init; }

    /// <summary>Adam's rate for the widths.</summary>
    public float ScaleLearningRate { get; init; } = 3e-3f;

    /// <summary>What the entropy of the perturbation is worth on validation steps, which keeps it wide; the authors' readme takes 1e-3.</summary>
    public float EntropyWeight { get; init; } = 1e-5f;

    /// <summary>
    /// For the global form: training steps draw hyperparameters from a normal prior of this deviation around the first ones, wherever they are by
    /// now. Null perturbs the current ones.
    /// </summary>
    public float? PriorDeviation { get; init; }

    /// <summary>Where perturbations come from; null makes a stream of seed 0.</summary>
    public RandomStream? Random { get; init; }
}
