using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>Products over tiles of each size, also of those that would not be chosen for the device: against the processor.</summary>
[TestFixture(32)]
[TestFixture(64)]
[TestFixture(128)]
public sealed class TileSizeTests(int size)
{
    private Device _device = null!;

    [OneTimeSetUp]
    public void Open() => _device = new Device(new GpuBackend(Gpus.OpenAnotherOpenCL()) { OnlyTile = size });

    [OneTimeTearDown]
    public void Close() => _device.Dispose();

    [Test]
    public void Matmul_OfAnySize_GivesTheProduct(
        [Values("9 5 9", "32 64 128", "131 33 150", "40 3000 70", "200 0 130")] string sizes, [Values] bool transposeA, [Values] bool transposeB)
    {
        int[] s = [.. sizes.Split(' ').Select(int.Parse)];
        Shape a = transposeA ? new(3, s[1], s[0]) : new(3, s[0], s[1]);
        Shape b = transposeB ? new(3, s[2], s[1]) : new(3, s[1], s[2]);

        Check(device => Ops.Matmul(Normal(a, 1, device), Normal(b, 2, device), transposeA, transposeB));
    }

    [TestCase(64, 100, 132)]
    [TestCase(130, 67, 141)]
    public void Linear_WithBiasAndActivation_GivesItsValue(int rows, int inputs, int outputs) =>
        Check(device => Ops.Linear(
            Normal(new(rows, inputs), 1, device), Normal(new(outputs, inputs), 2, device), Normal(new(outputs), 3, device), Activation.Gelu));

    [TestCase(3, 10, 70, 21, 3, 1)]
    [TestCase(2, 40, 132, 12, 5, 2)]
    public void Convolution_OfAnySize_GivesItsProducts(int batch, int inputs, int outputs, int side, int kernel, int groups)
    {
        Conv2dOptions options = new(padding: 1, groups: groups);
        int outSide = side + 3 - kernel;
        Shape x = new(batch, inputs, side, side);
        Shape y = new(batch, outputs, outSide, outSide);
        Shape w = new(batch, outputs, inputs / groups, kernel, kernel);
        Shape shared = new(outputs, inputs / groups, kernel, kernel);

        Check(device => Ops.Conv2d(Normal(x, 1, device), Normal(w, 2, device), Normal(new(batch, outputs), 3, device), options));
        Check(device => Ops.Conv2dGradInput(Normal(y, 1, device), Normal(w, 2, device), side, side, options));
        Check(device => Ops.Conv2dGradKernel(Normal(x, 1, device), Normal(y, 2, device), shared, options));
    }

    private void Check(Func<Device, Tensor> work)
    {
        using MemoryScope scope = _device.Scope();
        using MemoryScope exactScope = Device.Cpu.Scope();
        float[] expected = work(Device.Cpu).ToArray();
        float[] actual = work(_device).ToArray();

        Assert.That(actual, Is.EqualTo(expected).Within(1e-5f * expected.Append(1).Max(Math.Abs)));
        Assert.That(work(_device).ToArray(), Is.EqualTo(actual), "once more");
    }

    private static Tensor Normal(Shape shape, uint seed, Device device)
    {
        float[] values = new float[shape.Count];
        new RandomStream(seed).FillNormal(values, 0, 0.3f);
        return Tensor.From(values, shape, device);
    }
}
