using HyperKernels.Gpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.CPU;
using ILGPU.Runtime.OpenCL;

namespace HyperKernels.Tests.Gpu;

/// <summary>An application's own accelerator of ILGPU as a device: its views are tensors, tensors are its views, and its kernels take their turn.</summary>
public sealed class GpuBackendsTests
{
    private Context _context = null!;
    private CLAccelerator _accelerator = null!;

    [OneTimeSetUp]
    public void MakeAccelerator()
    {
        _ = Gpus.OpenCL;
        _context = Context.Create(builder => builder.UseHyperKernels());
        _accelerator = Accelerators.OpenCLDevices()[0].CreateCLAccelerator(_context);
    }

    [OneTimeTearDown]
    public void Release()
    {
        _accelerator?.Dispose();
        _context?.Dispose();
    }

    [Test]
    public void OwnKernelBetweenTwoOps_WorksOnTheSameMemory()
    {
        Action<AcceleratorStream, Index1D, ArrayView<float>> add = _accelerator.LoadAutoGroupedKernel<Index1D, ArrayView<float>>(AddIndex);
        using MemoryBuffer1D<float, Stride1D.Dense> lent = _accelerator.Allocate1D<float>([1, 2, 3, 4, 5, 6]);
        using (Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream))
        {
            using MemoryScope scope = device.Scope();
            Tensor x = lent.View.AsContiguous().ToTensor([2, 3], device);

            Tensor doubled = Ops.Add(x, x);
            add(_accelerator.DefaultStream, (Index1D)(int)doubled.Count, doubled.AsArrayView());
            Tensor y = Ops.Add(doubled, x);

            Assert.That(y.ToArray(), Is.EqualTo(new float[] { 3, 7, 11, 15, 19, 23 }));
            x.CopyFrom([7f, 8f, 9f, 10f, 11f, 12f]);
        }
        // The device and its tensors are gone; the application's memory is as they left it.
        Assert.That(lent.GetAsArray1D(), Is.EqualTo(new float[] { 7, 8, 9, 10, 11, 12 }));
    }

    [Test]
    public void ToTensor_OfAPartOfABuffer_BeginsWhereTheViewDoes([Values(0, 1, 3, 4)] int start)
    {
        using MemoryBuffer1D<float, Stride1D.Dense> lent = _accelerator.Allocate1D<float>([.. Enumerable.Range(0, 24).Select(i => (float)i)]);
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);
        using MemoryScope scope = device.Scope();
        Tensor x = lent.View.AsContiguous().SubView(start, 16).ToTensor([2, 8], device);

        Assert.That(Ops.Add(x, x).ToArray(), Is.EqualTo(Enumerable.Range(start, 16).Select(i => 2f * i)));
    }

    [Test]
    public void ToTensor_OfIntegers_KnowsTheirBounds()
    {
        using MemoryBuffer1D<int, Stride1D.Dense> lent = _accelerator.Allocate1D<int>([0, 5]);
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);
        using MemoryScope scope = device.Scope();
        Tensor rows = lent.View.AsContiguous().ToTensor([2], device);

        Assert.That(() => Ops.GatherRows(Tensor.From([1f, 2f, 3f], [3, 1], device), rows), Throws.InstanceOf<ArgumentException>().With.Message.Contains("5"));
    }

    [Test]
    public void ToTensor_Disposed_GivesNothingToThePool()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> lent = _accelerator.Allocate1D<float>([1, 2]);
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);
        lent.View.AsContiguous().ToTensor([2], device).Dispose();

        Assert.That((device.Memory.LiveTensors, device.Memory.LiveBytes, device.Memory.PooledBytes), Is.EqualTo((0L, 0L, 0L)));
        using Tensor own = Tensor.From([5f, 6f], [2], device);
        Assert.That(lent.GetAsArray1D(), Is.EqualTo(new float[] { 1, 2 }));
    }

    [Test]
    public void ToTensor_WithAnotherShapeOrDevice_IsRefused()
    {
        using MemoryBuffer1D<float, Stride1D.Dense> lent = _accelerator.Allocate1D<float>([1, 2]);
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);
        ArrayView<float> view = lent.View.AsContiguous();

        Assert.Multiple(() =>
        {
            Assert.That(() => view.ToTensor([3], device), Throws.ArgumentException.With.Message.EqualTo("ToTensor: [3] has 3 elements; the view has 2."));
            Assert.That(() => view.ToTensor([2], Device.Cpu), Throws.ArgumentException.With.Message.Contains("GpuBackends.Open on the view's accelerator; it is cpu"));
            Assert.That(() => Tensor.From([1f], [1], Device.Cpu).AsArrayView(), Throws.ArgumentException.With.Message.StartsWith("AsArrayView: the tensor must"));
        });
    }

    [Test]
    public void FromDevice_TakesMemoryOfTheSameContext_AndNoLessThanTheShape()
    {
        CLException.ThrowIfFailed(CLAPI.CurrentAPI.CreateBuffer(_accelerator.NativePtr, CLBufferFlags.CL_MEM_READ_WRITE, 8, 0, out nint lent));
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);
        using (MemoryScope scope = device.Scope())
        {
            Tensor x = Tensor.FromDevice(lent, [2], device);
            x.CopyFrom([3f, 4f]);
            Tensor y = Ops.Add(x, x);
            Assert.That(y.ToArray(), Is.EqualTo(new float[] { 6, 8 }));
            Assert.That(Tensor.FromDevice(x.DeviceHandle(out long offset), [2], device).ToArray(), Is.EqualTo(new float[] { 3, 4 }));
            Assert.That(offset, Is.Zero);
            Assert.That(
                () => Tensor.FromDevice(lent, [3], device),
                Throws.ArgumentException.With.Message.EqualTo("Tensor.FromDevice: the shape needs 12 bytes; the memory object has 8."));
        }
        Assert.That(CLAPI.CurrentAPI.ReleaseBuffer(lent), Is.EqualTo(CLError.CL_SUCCESS));
    }

    [Test]
    public void FromDevice_OfAnotherContext_IsRefusedWithTheReason()
    {
        using CLAccelerator other = Accelerators.OpenCLDevices()[0].CreateCLAccelerator(_context);
        using MemoryBuffer1D<float, Stride1D.Dense> lent = other.Allocate1D<float>([1, 2]);
        using Device device = GpuBackends.Open(_accelerator, _accelerator.DefaultStream);

        Assert.That(() => Tensor.FromDevice(lent.NativePtr, [2], device), Throws.ArgumentException.With.Message.Contains("belongs to another context"));
    }

    [Test]
    public void FromDevice_OnTheProcessor_IsRefused()
    {
        Assert.That(() => Tensor.FromDevice(64, [1], Device.Cpu), Throws.InvalidOperationException.With.Message.Contains("Use Tensor.From."));
        Assert.That(() => Tensor.From([1f], [1], Device.Cpu).DeviceHandle(out _), Throws.InvalidOperationException.With.Message.StartsWith("DeviceHandle: the tensor must"));
    }

    [Test]
    public void Open_WithAContextWithoutTheFunctionsOfTheKernels_SaysHowToBuildIt()
    {
        using Context plain = Context.Create(builder => builder.Optimize(OptimizationLevel.O2));
        using CLAccelerator accelerator = Accelerators.OpenCLDevices()[0].CreateCLAccelerator(plain);

        Assert.That(() => GpuBackends.Open(accelerator, accelerator.DefaultStream), Throws.ArgumentException.With.Message.Contains("UseHyperKernels"));
    }

    [Test]
    public void Open_WithAProcessorOrAnothersStream_IsRefused()
    {
        using Context context = Context.Create(builder => builder.UseHyperKernels().CPU());
        using Accelerator processor = context.CreateCPUAccelerator(0);

        Assert.Multiple(() =>
        {
            Assert.That(() => GpuBackends.Open(processor, processor.DefaultStream), Throws.ArgumentException.With.Message.Contains("OpenCL or CUDA; it is one of CPU"));
            Assert.That(() => GpuBackends.Open(_accelerator, processor.DefaultStream), Throws.ArgumentException.With.Message.Contains("stream must be one of the accelerator"));
        });
    }

    private static void AddIndex(Index1D i, ArrayView<float> values) => values[i] += i;
}
