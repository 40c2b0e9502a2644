namespace HyperKernels.Cases;

/// <summary>Something that must hold of a row on every backend.</summary>
/// <param name="Name">One of the constants below.</param>
/// <param name="Check">Runs the row on a device and tells whether it holds.</param>
public sealed record CaseProperty(string Name, Func<Device, CaseResult> Check)
{
    /// <summary>The output is the oracle's: arithmetic.</summary>
    public const string Forward = "forward";

    /// <summary>Gradients are the oracle's differences: rules.</summary>
    public const string Gradient = "gradient";

    /// <summary>Gradients of gradients are the oracle's mixed differences: rules of rules.</summary>
    public const string SecondGradient = "second gradient";

    /// <summary>Nothing is written outside its buffers, no fresh memory is read.</summary>
    public const string Guards = "guards";

    /// <summary>A rerun and another number of threads give the same bits.</summary>
    public const string Repeats = "repeats";

    /// <summary>A copy, what a file brings back, and another layer that takes the state give the same bits.</summary>
    public const string Stored = "stored";

    /// <summary>With a weight set for every sample or block of samples the output is the oracle's, block by block.</summary>
    public const string WeightSets = "weight sets";

    /// <summary>Gradients of weight sets and inputs are the oracle's differences.</summary>
    public const string WeightSetsGradient = "weight sets gradient";

    /// <summary>Values and state after the steps are the oracle's.</summary>
    public const string Steps = "steps";

    /// <summary>Saved half way and loaded into another, it goes on bit for bit.</summary>
    public const string Resumes = "resumes";
}
