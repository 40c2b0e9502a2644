using HyperKernels.Tests.Gpu;

namespace HyperKernels.Tests;

/// <summary>Sampling at places that the catalogue's rows leave out: on pixels, at the border, far away, and no places at all.</summary>
public sealed class GridSampleTests
{
    public static IEnumerable<Device> Devices => [Device.Cpu, Gpus.OpenCL];

    [TestCaseSource(nameof(Devices))]
    public void GridSample_OnAGridOfItsOwnPixels_GivesTheImage_AndOnAnotherTheResizedOne(Device device)
    {
        using MemoryScope scope = device.Scope();
        Tensor image = Tensor.From([.. Enumerable.Range(0, 2 * 3 * 5 * 4).Select(i => MathF.Sin(i))], [2, 3, 5, 4], device);
        foreach (bool corners in (bool[])[false, true])
        {
            Assert.That(
                Ops.GridSample(image, Grid(2, 5, 4, corners, device), alignCorners: corners).ToArray(), Is.EqualTo(image.ToArray()).Within(1e-5f));
            Assert.That(
                Ops.GridSample(image, Grid(2, 7, 9, corners, device), GridPadding.Border, corners).ToArray(),
                Is.EqualTo(Ops.ResizeBilinear(image, 7, 9, corners).ToArray()).Within(1e-5f));
        }
    }

    [TestCaseSource(nameof(Devices))]
    public void GridSample_FarOutside_GivesPaddingWithoutAGradient_AndPixelsThatTakeNoPartMayBeNaN(Device device)
    {
        using MemoryScope scope = device.Scope();
        using Tape tape = new();
        float nan = float.NaN;
        Tensor image = tape.Watch(Tensor.From([1, 2, 3, 4, nan, 6], [1, 1, 2, 3], device));
        float[] places = [1e30f, 0, -1e30f, 0, float.PositiveInfinity, float.NegativeInfinity, nan, nan, -7 / 6f, -0.5f];
        Tensor grid = tape.Watch(Tensor.From(places, [1, 1, 5, 2], device));
        Tensor zeros = Ops.GridSample(image, grid);
        // NaN is -1: the image's corner, of which a quarter lies inside. -7/6 is three quarters of a pixel outside.
        Assert.That(zeros.ToArray(), Is.EqualTo(new float[] { 0, 0, 0, 0.25f, 0.25f }).Within(1e-6f));
        float[] gradient = tape.Gradient(zeros, [grid], Tensor.Ones(zeros.Shape, device))[0].ToArray();
        Assert.That(gradient[..6], Is.All.Zero);
        Assert.That(gradient[8], Is.EqualTo(1.5f).Within(1e-6f), "the pixel's value by half the width");
        float[] spread = tape.Gradient(zeros, [image], Tensor.Ones(zeros.Shape, device))[0].ToArray();
        Assert.That(spread, Is.EqualTo(new float[] { 0.5f, 0, 0, 0, 0, 0 }).Within(1e-6f));
        Tensor border = Ops.GridSample(Tensor.From([1f, 2, 3, 4, 5, 6], image.Shape, device), grid, GridPadding.Border);
        Assert.That(border.ToArray()[1..], Is.EqualTo(new float[] { 2.5f, 3, 1, 1 }).Within(1e-6f));
        Assert.That(tape.Gradient(border, [grid], Tensor.Ones(border.Shape, device))[0].ToArray()[4..], Is.All.Zero);
    }

    [Test]
    public void GridSample_OfMoreSquaresThanAreSortedTogether_HasTheProcessorsGradient()
    {
        float[][] gradients = [.. Devices.Select(device =>
        {
            using MemoryScope scope = device.Scope();
            using Tape tape = new();
            Tensor image = tape.Watch(Tensor.Zeros([3, 1, 1100, 1100], device));
            float[] places = [.. Enumerable.Range(0, 3 * 50 * 2).Select(i => 1.1f * MathF.Sin(i * i))];
            Tensor y = Ops.GridSample(image, Tensor.From(places, [3, 10, 5, 2], device));
            Tensor weights = Tensor.From([.. Enumerable.Range(1, 150).Select(i => (float)i)], y.Shape, device);
            return tape.Gradient(y, [image], weights)[0].ToArray();
        })];
        Assert.That(gradients[0].Count(value => value != 0), Is.GreaterThan(300));
        for (int i = 0; i < gradients[0].Length; i++)
        {
            if (MathF.Abs(gradients[0][i] - gradients[1][i]) > 1e-2f)
            {
                Assert.Fail($"pixel {i}: {gradients[1][i]} instead of {gradients[0][i]}");
            }
        }
    }

    // The places of the pixels of images of a size.
    private static Tensor Grid(int images, int height, int width, bool corners, Device device)
    {
        float[] one = [.. Enumerable.Range(0, height * width).SelectMany(i => (float[])[Place(i % width, width, corners), Place(i / width, height, corners)])];
        return Tensor.From([.. Enumerable.Repeat(one, images).SelectMany(p => p)], [images, height, width, 2], device);
    }

    private static float Place(int at, int size, bool corners) => corners ? (2f * at / (size - 1)) - 1 : (((2f * at) + 1) / size) - 1;
}
