using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Draws every expert of a bank <c>[E, ...]</c> by itself, as a weight of one expert's shape: the fans are those of an expert, not of the bank.</summary>
/// <param name="inner">Draws one expert.</param>
internal sealed class PerExpertInitializer(Initializer inner) : Initializer
{
    public override void Fill(Span<float> values, Shape shape, RandomStream random)
    {
        Shape one = shape.Remove(0);
        int count = checked((int)one.Count);
        for (int at = 0; at < values.Length; at += count)
        {
            inner.Fill(values.Slice(at, count), one, random);
        }
    }
}
