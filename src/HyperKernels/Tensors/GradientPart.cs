namespace HyperKernels;

/// <summary>The gradient of a range of a tensor's elements, in row-major order.</summary>
/// <param name="Offset">The first element.</param>
/// <param name="Count">How many.</param>
/// <param name="Gradient">Values, or factors of a product of as many elements.</param>
public readonly record struct GradientPart(long Offset, long Count, Gradient Gradient)
{
    internal bool Overlaps(long offset, long count) => offset < Offset + Count && Offset < offset + count;
}
