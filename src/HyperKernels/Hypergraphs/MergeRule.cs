namespace HyperKernels;

/// <summary>What becomes of the weights of things that are merged into one.</summary>
public enum MergeRule
{
    /// <summary>They add up; things without weights count one each.</summary>
    Sum,

    /// <summary>They are averaged.</summary>
    Mean,

    /// <summary>That of the first stays.</summary>
    First,
}
