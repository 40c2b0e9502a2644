using System.Buffers;
using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Draws uniform values: <c>low + (high - low) u</c>, u a multiple of 2^-24 in [0, 1).</summary>
    /// <param name="shape">The axes of the result.</param>
    /// <param name="random">The stream; moves on by a quarter of the number of elements, rounded up.</param>
    /// <param name="low">The smallest value.</param>
    /// <param name="high">The bound; rounding may reach it.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <remarks>The same bits on every device. Source: Philox4x32-10 (Salmon et al., SC 2011).</remarks>
    public static Tensor RandomUniform(Shape shape, RandomStream random, float low = 0, float high = 1, Device? device = null) =>
        Draw(RandomKind.Uniform, shape, random, low, high, device);

    /// <summary>Draws normal values: <c>mean + deviation n</c>.</summary>
    /// <param name="shape">The axes of the result.</param>
    /// <param name="random">The stream; moves on by a quarter of the number of elements, rounded up.</param>
    /// <param name="mean">Their mean.</param>
    /// <param name="deviation">Their standard deviation.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <remarks>The same bits on every device. Source: Philox4x32-10 (Salmon et al., SC 2011); Box and Muller, 1958.</remarks>
    public static Tensor RandomNormal(Shape shape, RandomStream random, float mean = 0, float deviation = 1, Device? device = null) =>
        Draw(RandomKind.Normal, shape, random, mean, deviation, device);

    /// <summary>Draws a random order of the integers 0 to <paramref name="count"/> - 1.</summary>
    /// <param name="count">How many; 0 gives an empty tensor.</param>
    /// <param name="random">The stream; moves on by half of <paramref name="count"/>, rounded up.</param>
    /// <param name="device">Where to; null means <see cref="Device.Default"/>.</param>
    /// <returns>int32 <c>[count]</c>.</returns>
    /// <exception cref="ArgumentException">count is negative.</exception>
    /// <remarks>Fisher and Yates' shuffle on the host; each pick is off from even by less than count / 2^64.</remarks>
    public static Tensor Permutation(int count, RandomStream random, Device? device = null)
    {
        ArgumentNullException.ThrowIfNull(random);
        if (count < 0)
        {
            Throw.Argument($"Permutation: count must not be negative; got {count}.");
        }
        if (count > Array.MaxLength)
        {
            Throw.Argument($"Permutation: count must be at most {Array.MaxLength}, what an array holds; got {count}.");
        }
        int[] order = ArrayPool<int>.Shared.Rent(count);
        try
        {
            random.FillPermutation(order.AsSpan(0, count));
            return Tensor.From(order.AsSpan(0, count), [count], device);
        }
        finally
        {
            ArrayPool<int>.Shared.Return(order);
        }
    }

    private static Tensor Draw(RandomKind kind, in Shape shape, RandomStream random, float a, float b, Device? device)
    {
        ArgumentNullException.ThrowIfNull(random);
        Tensor y = Tensor.New(device ?? Device.Default, shape, ElementType.Float32);
        RandomState from = random.Take(shape.Count);
        y.Device.Backend.Random(kind, from.Seed, from.Position, shape.Count, a, b, y.Ref);
        return y;
    }
}
