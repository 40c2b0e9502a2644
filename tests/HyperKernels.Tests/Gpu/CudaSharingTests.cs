using System.Runtime.InteropServices;
using HyperKernels.Backends;
using HyperKernels.Gpu;
using ILGPU;
using ILGPU.Runtime;
using ILGPU.Runtime.Cuda;

namespace HyperKernels.Tests.Gpu;

/// <summary>Beside others of the process on one driver, over the stand-in: the thread's context, memory and accelerators of others, and captured steps.</summary>
[NonParallelizable]
public sealed class CudaSharingTests
{
    [OneTimeSetUp]
    public void PutStandInInPlace() => StandInDriver.Use();

    [TearDown]
    public void FailNoMore()
    {
        StandInDriver.FailNoMore();
        Assert.That(StandInDriver.Depth, Is.Zero, "a context was left current");
    }

    [Test]
    public void ContextOfAnotherLibrary_StaysTheThreads()
    {
        nint foreign = StandInDriver.PushForeign();
        using (HyperKernels.Gpu.CudaDevice device = StandInDriver.Open())
        {
            using GpuBuffer buffer = device.Allocate(64);
            device.Fill(new BufferRef(buffer, 0), 16, 7);
            int[] back = new int[16];
            // Another library changes the thread's context between any two calls.
            Assert.That(StandInDriver.Pop(), Is.EqualTo(foreign));
            device.Download(new BufferRef(buffer, 0), MemoryMarshal.AsBytes(back.AsSpan()));
            foreign = StandInDriver.PushForeign();
            device.Synchronize();
            Assert.That(back, Has.All.EqualTo(7));
        }
        Assert.That((StandInDriver.Depth, StandInDriver.Pop()), Is.EqualTo((1, foreign)));
    }

    [Test]
    public void TwoDevices_TakeTurnsOnOneThread()
    {
        using HyperKernels.Gpu.CudaDevice a = StandInDriver.Open(), b = StandInDriver.Open();
        using GpuBuffer x = a.Allocate(4), y = b.Allocate(4);
        a.Fill(new BufferRef(x, 0), 1, 1);
        b.Fill(new BufferRef(y, 0), 1, 2);
        int[] back = new int[2];
        a.Download(new BufferRef(x, 0), MemoryMarshal.AsBytes(back.AsSpan(0, 1)));
        b.Download(new BufferRef(y, 0), MemoryMarshal.AsBytes(back.AsSpan(1, 1)));
        Assert.That(back, Is.EqualTo(new[] { 1, 2 }));
    }

    [TestCase(0)]
    [TestCase(4)]
    [TestCase(12)]
    public void Borrow_OfMemoryOfTheContext_ComputesThereAndLeavesIt(int past)
    {
        using HyperKernels.Gpu.CudaDevice device = StandInDriver.Open();
        using GpuBuffer lent = device.Allocate(64);
        device.Fill(new BufferRef(lent, 0), 16, 0);
        int live = StandInDriver.Live;
        using (GpuBuffer buffer = device.Borrow(lent.Memory.NativePtr + past, 8, out long offset))
        {
            Assert.That((buffer.Memory.NativePtr % 16, buffer.IsBorrowed), Is.EqualTo(((nint)0, true)));
            device.Fill(new BufferRef(buffer, offset), 2, 7);
        }
        int[] back = new int[16];
        device.Download(new BufferRef(lent, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back, Is.EqualTo(Enumerable.Range(0, 16).Select(i => i == past / 4 || i == (past / 4) + 1 ? 7 : 0)));
        Assert.That(StandInDriver.Live, Is.EqualTo(live));
    }

    [TestCase(0)]
    [TestCase(66)]
    public void Borrow_OfAnAddressThatCannotBe_IsRefused(int address)
    {
        using HyperKernels.Gpu.CudaDevice device = StandInDriver.Open();
        Assert.That(() => device.Borrow(address, 4, out _), Throws.ArgumentException.With.Message.StartsWith("Tensor.FromDevice: the address must be a multiple of four bytes"));
    }

    [Test]
    public void Borrow_OfAnAddressOfAnotherContextOrOfNone_IsRefusedWithTheReason()
    {
        using HyperKernels.Gpu.CudaDevice device = StandInDriver.Open(), other = StandInDriver.Open();
        using GpuBuffer lent = other.Allocate(64);
        Assert.Multiple(() =>
        {
            Assert.That(() => device.Borrow(lent.Memory.NativePtr, 4, out _), Throws.ArgumentException.With.Message.Contains("is not memory of this device's context"));
            Assert.That(() => device.Borrow(64, 4, out _), Throws.ArgumentException.With.Message.StartsWith("Tensor.FromDevice: 0x40 is not memory of this device's context"));
        });
    }

    [Test]
    public void FromDevice_SharesAddressesBothWays()
    {
        HyperKernels.Gpu.CudaDevice lender = StandInDriver.Open();
        using Device device = new(new GpuBackend(lender));
        using GpuBuffer lent = lender.Allocate(64);
        lender.Upload(MemoryMarshal.AsBytes<float>([1, 2, 3]), new BufferRef(lent, 1));
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.FromDevice(lent.Memory.NativePtr + 4, [3], device);
        Assert.That(x.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That((x.DeviceHandle(out long offset), offset), Is.EqualTo((lent.Memory.NativePtr + 4, 0L)));
        x.CopyFrom([4f, 5f, 6f]);
        float[] back = new float[5];
        lender.Download(new BufferRef(lent, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back[1..4], Is.EqualTo(new float[] { 4, 5, 6 }));
    }

    [Test]
    public void AcceleratorOfTheApplication_KeepsItsMemoryAndStreamAndNothingOfOurs()
    {
        using Context context = Context.Create(builder => builder.UseHyperKernels().Cuda());
        using CudaAccelerator accelerator = context.CreateCudaAccelerator(0);
        using AcceleratorStream stream = accelerator.CreateStream();
        using MemoryBuffer1D<float, Stride1D.Dense> lent = accelerator.Allocate1D<float>(4);
        int live = StandInDriver.Live;
        using (Device device = GpuBackends.Open(accelerator, stream))
        {
            using MemoryScope scope = device.Scope();
            Tensor x = lent.View.AsContiguous().ToTensor([2, 2], device);
            x.CopyFrom([1f, 2f, 3f, 4f]);
            Tensor own = Tensor.From([5f, 6f, 7f, 8f], [4], device);
            _ = Ops.Add(own, own);
            // The application's copies know the engine's memory.
            lent.View.AsContiguous().SubView(0, 1).CopyFrom(stream, own.AsArrayView().SubView(3, 1));
            stream.Synchronize();
            Assert.That(x.ToArray(), Is.EqualTo(new float[] { 8, 2, 3, 4 }));
        }
        Assert.That(StandInDriver.Live, Is.EqualTo(live));
        // ILGPU takes the accelerator for the thread's still, and it is.
        Assert.That(() => accelerator.Allocate1D<float>(4).Dispose(), Throws.Nothing);
    }

    [TestCase("", 1)]
    [TestCase("cuStreamBeginCapture_v2", 0)]
    [TestCase("cuStreamEndCapture", 0)]
    [TestCase("cuGraphInstantiateWithFlags", 0)]
    public void CapturedStep_StartsAsAGraphWhereTheDriverMakesOne(string refused, int graphs)
    {
        int live = StandInDriver.Live;
        using (Device device = new(new GpuBackend(StandInDriver.Open())))
        {
            using MemoryScope scope = device.Scope();
            Tensor zeros = default;
            StandInDriver.Fail(refused, 900);
            using CapturedStep step = device.Capture(() => zeros = Tensor.Zeros([3], device));
            StandInDriver.FailNoMore();
            zeros.CopyFrom([1f, 2f, 3f]);
            int before = StandInDriver.GraphLaunches;
            step.Run();
            Assert.That(zeros.ToArray(), Is.EqualTo(new float[3]));
            Assert.That(StandInDriver.GraphLaunches - before, Is.EqualTo(graphs));
        }
        Assert.That(StandInDriver.Live, Is.EqualTo(live));
    }

    [Test]
    public void CapturedStep_OutlivingItsDevice_IsDisposedInSilence()
    {
        Device device = new(new GpuBackend(StandInDriver.Open()));
        CapturedStep step;
        using (device.Scope())
        {
            step = device.Capture(() => _ = Tensor.Zeros([3], device));
        }
        device.Dispose();
        Assert.That(step.Dispose, Throws.Nothing);
    }
}
