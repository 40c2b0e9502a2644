using HyperKernels.Backends;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>Which products go to the kernels for tensor cores: seen on a device that computes nothing and notes what is launched.</summary>
public sealed class TensorCoreChoiceTests
{
    [TestCase(MatmulPrecision.TF32, "matmul_tf32")]
    [TestCase(MatmulPrecision.BFloat16, "matmul_bfloat16")]
    public void Matmul_InAScope_TakesTheKernelOfItsPrecision(MatmulPrecision precision, string kernel) =>
        Assert.That(Launches(true, precision, 200, 50, 300), Is.EqualTo(new[] { kernel }));

    [Test]
    public void Matmul_WithoutTensorCores_StaysFloat32() =>
        Assert.That(Launches(false, MatmulPrecision.TF32, 200, 50, 300), Is.EqualTo(Launches(false, MatmulPrecision.Float32, 200, 50, 300)));

    [Test]
    public void Matmul_OutsideAScope_StaysFloat32() =>
        Assert.That(Launches(true, MatmulPrecision.Float32, 200, 50, 300), Has.None.Contains("tf32").And.None.Contains("bfloat16"));

    [TestCase(63, 60, 63)]
    [TestCase(3, 500, 500)]
    [TestCase(300, 40, 20)]
    public void Matmul_ThatWouldFillLittleOfATile_StaysFloat32(int m, int k, int n) =>
        Assert.That(Launches(true, MatmulPrecision.TF32, m, k, n), Is.EqualTo(Launches(true, MatmulPrecision.Float32, m, k, n)));

    [TestCase(true)]
    [TestCase(false)]
    public void Gradient_TakesThePrecisionInForceWhenItIsComputed(bool inside)
    {
        NotingDevice noting = new(true);
        using Device device = new(new GpuBackend(noting));
        using MemoryScope scope = device.Scope();
        using Tape tape = new();
        Tensor a = tape.Watch(Tensor.Zeros([128, 128], device));
        Tensor y;
        using (Precision.Use(inside ? MatmulPrecision.Float32 : MatmulPrecision.TF32))
        {
            y = Ops.Linear(a, a);
        }
        noting.Launched.Clear();
        using PrecisionUse use = Precision.Use(inside ? MatmulPrecision.TF32 : MatmulPrecision.Float32);
        _ = tape.Gradient(y, [a], Tensor.Zeros([128, 128], device));
        Assert.That(noting.Launched.Count(name => name == "matmul_tf32"), Is.EqualTo(inside ? 2 : 0));
    }

    private static string[] Launches(bool hasTensorCores, MatmulPrecision precision, int m, int k, int n)
    {
        NotingDevice noting = new(hasTensorCores);
        using Device device = new(new GpuBackend(noting));
        using MemoryScope scope = device.Scope();
        Tensor a = Tensor.Zeros([m, k], device), b = Tensor.Zeros([k, n], device);
        using PrecisionUse use = Precision.Use(precision);
        _ = Ops.Matmul(a, b);
        Assert.That(noting.Launched, Is.Not.Empty);
        return [.. noting.Launched];
    }

    private sealed class NotingDevice(bool hasTensorCores) : IGpuDevice, IGpuModule
    {
        public List<string> Launched { get; } = [];

        public string Name => "cuda";

        public string Description => "notes launches";

        public int ComputeUnits => 1;

        public bool HasTensorCores => hasTensorCores;

        public GpuBuffer Allocate(long bytes) => new(this, 1, bytes);

        public GpuBuffer Borrow(nint memory, long bytes, out long offset)
        {
            offset = 0;
            return new GpuBuffer(this, memory, bytes, owned: false);
        }

        public nint HandleOf(BufferRef place, out long offset)
        {
            offset = 0;
            return 1;
        }

        public void Free(nint handle)
        {
        }

        public IGpuModule Build(KernelSource source) => this;

        public GpuKernel Find(string name) => new(name, 1, 256);

        public void Launch(GpuKernel kernel, int groups, ReadOnlySpan<KernelArgument> arguments) => Launched.Add(kernel.Name);

        public IGpuGraph? Capture(Action launches) => null;

        public void Upload(ReadOnlySpan<byte> source, BufferRef destination)
        {
        }

        public void Download(BufferRef source, Span<byte> destination) => destination.Clear();

        public void Fill(BufferRef destination, long count, int bits)
        {
        }

        public void Synchronize()
        {
        }

        public void Dispose()
        {
        }
    }
}
