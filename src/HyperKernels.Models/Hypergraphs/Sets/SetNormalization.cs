namespace HyperKernels.Models;

/// <summary>What the perceptrons of set networks normalise with, after every activation and, where asked for, before the first linear layer.</summary>
public enum SetNormalization
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Each row over its features.</summary>
    Layer,

    /// <summary>Each feature over the rows, and in use by running statistics.</summary>
    Batch,
}
