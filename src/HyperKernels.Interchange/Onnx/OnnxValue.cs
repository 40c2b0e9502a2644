namespace HyperKernels.Interchange;

/// <summary>A value of a graph that is written: its name, and its axes for a batch of one.</summary>
internal readonly record struct OnnxValue(string Name, Shape Shape)
{
    /// <summary>The axes with the batch at -1.</summary>
    public int[] Sizes => [-1, .. Shape.AsSpan()[1..]];
}
