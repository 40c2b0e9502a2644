using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>What the catalogue's rows cannot show of convolutions: what is left in work buffers, and samples in company.</summary>
public sealed class ConvTests
{
    // Channels, outputs, height, width, kernel, padding: transformed tiles, shifted images, channels as lanes, dot products, patches.
    private static readonly int[][] s_sizes =
    [
        [13, 14, 13, 12, 3, 1], [37, 12, 14, 15, 3, 0], [3, 5, 9, 8, 3, 1], [18, 6, 7, 9, 2, 0], [2, 3, 20, 21, 5, 2], [4, 2, 5, 4, 4, 0],
    ];

    private static IEnumerable<TestCaseData> Rows =>
        from device in Conformance.Processors from sizes in s_sizes select new TestCaseData(device, sizes)
            .SetArgDisplayNames($"{device.VectorWidth} bits", string.Join(" ", sizes));

    [TestCaseSource(nameof(Rows))]
    public void Conv2d_AfterNotANumber_GivesTheSameBits(Device device, int[] sizes)
    {
        float[][] before = Products(device, sizes, 2, float.NegativeZero);
        // Larger in every way, so that it is left wherever the smaller one could read what it has not written.
        int[] larger = [sizes[0] + 3, sizes[1] + 3, sizes[2] + 6, sizes[3] + 6, sizes[4], sizes[5]];
        float[][] spoiled = Products(device, larger, 2, float.NaN);
        Assert.That(spoiled[0], Has.Some.NaN, "the image was not spoiled");
        Assert.That(Products(device, sizes, 2, float.NegativeZero), Is.EqualTo(before));
    }

    [TestCaseSource(nameof(Rows))]
    public void Conv2d_SampleWithKernelsOfItsOwn_GivesTheSameBitsAlone(Device device, int[] sizes)
    {
        float[][] alone = Products(device, sizes, 1, 0);
        float[][] together = Products(device, sizes, 3, 0);
        for (int i = 0; i < alone.Length; i++)
        {
            Assert.That(together[i].AsSpan(0, alone[i].Length).ToArray(), Is.EqualTo(alone[i]), $"result {i}");
        }
    }

    /// <summary>The three products of a convolution whose samples have kernels of their own; a value is added to every image.</summary>
    private static float[][] Products(Device device, int[] sizes, int batch, float value)
    {
        (int inputs, int outputs, int height, int width, int kernel) = (sizes[0], sizes[1], sizes[2], sizes[3], sizes[4]);
        Conv2dOptions options = new(padding: sizes[5]);
        using DeviceUse use = Device.Use(device);
        using MemoryScope scope = device.Scope();
        Tensor x = Values([batch, inputs, height, width], 3) + value;
        Tensor w = Values([batch, outputs, inputs, kernel, kernel], 5);
        Tensor y = Ops.Conv2d(x, w, null, options);
        return [y.ToArray(), Ops.Conv2dGradInput(y, w, height, width, options).ToArray(), Ops.Conv2dGradKernel(x, y, w.Shape, options).ToArray()];
    }

    // Every number depends on its place only, so that a smaller batch is the start of a larger one.
    private static Tensor Values(Shape shape, int factor)
    {
        float[] values = new float[shape.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = ((i * factor % 101) - 50) / 37f;
        }
        return Tensor.From(values, shape);
    }
}
