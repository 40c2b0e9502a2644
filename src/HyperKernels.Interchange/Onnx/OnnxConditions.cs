namespace HyperKernels.Interchange;

/// <summary>How many rows of conditions a written hypernetwork takes.</summary>
public enum OnnxConditions
{
    /// <summary>One row: one weight set for all samples of a batch.</summary>
    OneForAll,

    /// <summary>A row for every sample: each is read by a weight set of its own, one after the other (a Scan over the batch).</summary>
    OnePerSample,
}
