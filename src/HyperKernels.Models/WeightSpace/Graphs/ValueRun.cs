namespace HyperKernels.Models;

/// <summary>Values of a tensor that lie together on an edge or a node.</summary>
/// <param name="Tensor">The number of the tensor.</param>
/// <param name="Start">The first value.</param>
/// <param name="Count">The number of values.</param>
/// <param name="Stride">From one to the next.</param>
/// <param name="Width">The columns of a kernel; 0 for values that are no kernel.</param>
internal readonly record struct ValueRun(int Tensor, int Start, int Count = 1, int Stride = 1, int Width = 0)
{
    /// <summary>The value 1, which is nobody's parameter.</summary>
    public static ValueRun One { get; } = new(-1, 0);

    /// <summary>No value: zeros.</summary>
    public static ValueRun None { get; } = new(-1, 0, Count: 0);

    /// <summary>The rows of a kernel; 1 for values that are no kernel.</summary>
    public int Height => Width == 0 ? 1 : Count / Width;
}
