using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>Which products go to the kernels for tensor cores: seen in what is recorded, on a device that emulates them.</summary>
public sealed class TensorCoreChoiceTests
{
    private GpuBackend _backend = null!;
    private GpuBackend _plainBackend = null!;
    private Device _device = null!;
    private Device _plain = null!;

    [OneTimeSetUp]
    public void Open()
    {
        _backend = new GpuBackend(Gpus.OpenAnotherOpenCL()) { UsesTensorCores = true };
        _plainBackend = new GpuBackend(Gpus.OpenAnotherOpenCL());
        _device = new Device(_backend);
        _plain = new Device(_plainBackend);
    }

    [OneTimeTearDown]
    public void Close()
    {
        _device.Dispose();
        _plain.Dispose();
        _backend.Dispose();
        _plainBackend.Dispose();
    }

    [TestCase(MatmulPrecision.TF32, "Tf32")]
    [TestCase(MatmulPrecision.BFloat16, "BFloat16")]
    public void Matmul_InAScope_TakesTheKernelOfItsPrecision(MatmulPrecision precision, string kernel) =>
        Assert.That(Launches(true, precision, 200, 50, 300), Is.EqualTo(new[] { $"MatmulTensorKernels.Tiled(Emulated{kernel})" }));

    [Test]
    public void Matmul_WithoutTensorCores_StaysFloat32() =>
        Assert.That(Launches(false, MatmulPrecision.TF32, 200, 50, 300), Is.EqualTo(Launches(false, MatmulPrecision.Float32, 200, 50, 300)));

    [Test]
    public void Matmul_OutsideAScope_StaysFloat32() => Assert.That(Launches(true, MatmulPrecision.Float32, 200, 50, 300), Has.None.Contains("Tensor"));

    [TestCase(63, 60, 63)]
    [TestCase(3, 500, 500)]
    [TestCase(300, 40, 20)]
    public void Matmul_ThatWouldFillLittleOfATile_StaysFloat32(int m, int k, int n) =>
        Assert.That(Launches(true, MatmulPrecision.TF32, m, k, n), Is.EqualTo(Launches(true, MatmulPrecision.Float32, m, k, n)));

    [TestCase(true)]
    [TestCase(false)]
    public void Gradient_TakesThePrecisionInForceWhenItIsComputed(bool inside)
    {
        using MemoryScope scope = _device.Scope();
        using Tape tape = new();
        Tensor a = tape.Watch(Tensor.Zeros([128, 128], _device));
        Tensor y;
        using (Precision.Use(inside ? MatmulPrecision.Float32 : MatmulPrecision.TF32))
        {
            y = Ops.Linear(a, a);
        }
        using PrecisionUse use = Precision.Use(inside ? MatmulPrecision.TF32 : MatmulPrecision.Float32);
        string[] launches = Launches(_backend, () => _ = tape.Gradient(y, [a], Tensor.Zeros([128, 128], _device)));
        Assert.That(launches.Count(name => name.Contains("Tf32", StringComparison.Ordinal)), Is.EqualTo(inside ? 2 : 0));
    }

    private string[] Launches(bool hasTensorCores, MatmulPrecision precision, int m, int k, int n)
    {
        Device device = hasTensorCores ? _device : _plain;
        using MemoryScope scope = device.Scope();
        Tensor a = Tensor.Zeros([m, k], device), b = Tensor.Zeros([k, n], device);
        using PrecisionUse use = Precision.Use(precision);
        string[] launches = Launches(hasTensorCores ? _backend : _plainBackend, () => _ = Ops.Matmul(a, b));
        Assert.That(launches, Is.Not.Empty);
        return launches;
    }

    private static string[] Launches(GpuBackend backend, Action work)
    {
        using LaunchRecorder recorder = (LaunchRecorder)backend.BeginRecording();
        try
        {
            work();
            return [.. recorder.Kernels];
        }
        finally
        {
            backend.EndRecording();
        }
    }
}
