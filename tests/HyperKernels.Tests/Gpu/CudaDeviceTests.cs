using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using HyperKernels.Backends;
using HyperKernels.Gpu;
using HyperKernels.Tests.Gpu.Kernels;

namespace HyperKernels.Tests.Gpu;

/// <summary>The flow of calls to the driver, over a stand-in that keeps device memory on the host and does copies late, as a stream may.</summary>
[NonParallelizable]
public sealed class CudaDeviceTests
{
    // More than both blocks of the staging memory, and no multiple of one.
    private const int Many = (10 << 20) + 7;

    [OneTimeSetUp]
    public void PutStandInInPlace() => StandInDriver.Use();

    [TearDown]
    public void FailNoMore()
    {
        StandInDriver.FailNoMore();
        Assert.That(StandInDriver.Depth, Is.Zero, "a context was left current");
    }

    [TestCase(1)]
    [TestCase(Many)]
    public void Download_AfterUpload_GivesTheSameBytes(int count)
    {
        int[] values = [.. Enumerable.Range(0, count)];
        int[] back = new int[count];
        using CudaDevice device = StandInDriver.Open();
        using GpuBuffer buffer = device.Allocate((count + 3L) * 4);
        device.Upload(MemoryMarshal.AsBytes<int>(values), new BufferRef(buffer, 3));
        // What was uploaded is the device's now.
        int[] sent = [.. values];
        Array.Clear(values);
        device.Download(new BufferRef(buffer, 3), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back.AsSpan().SequenceEqual(sent));
    }

    [Test]
    public void Fill_SetsElementsFromTheOffsetOn()
    {
        using CudaDevice device = StandInDriver.Open();
        using GpuBuffer buffer = device.Allocate(5 * 4);
        device.Fill(new BufferRef(buffer, 0), 5, 1);
        device.Fill(new BufferRef(buffer, 1), 3, 7);
        int[] back = new int[5];
        device.Download(new BufferRef(buffer, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back, Is.EqualTo(new[] { 1, 7, 7, 7, 1 }));
    }

    [Test]
    public void Start_HandsOverArgumentsAndLaunchSize()
    {
        using CudaDevice device = StandInDriver.Open();
        using GpuBuffer x = device.Allocate(8 * 4), y = device.Allocate(8 * 4);
        device.Upload(MemoryMarshal.AsBytes<float>([0, 0, 1, 2, 3, 4, 0, 0]), new BufferRef(x, 0));
        device.Fill(new BufferRef(y, 0), 8, 0);
        LoadedKernel<ProbeArguments> kernel = device.Find<ProbeArguments>(ProbeKernels.Probe);
        device.Start(kernel, 2, new ProbeArguments { X = x.View<float>(2), Y = y.View<float>(1), Scale = 0.5f, Count = 4 });
        float[] back = new float[8];
        device.Download(new BufferRef(y, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        // Half of x plus the number of threads.
        Assert.That(back, Is.EqualTo(new[] { 0, 128.5f, 129f, 129.5f, 130f, 0, 0, 0 }));
    }

    [Test]
    public void Find_GivesTheDriverTheMendedText()
    {
        using CudaDevice device = StandInDriver.Open();
        device.Find<RepairArguments>(RepairKernels.BranchAfterBranch);
        Assert.That(StandInDriver.Image, Does.Contain(".maxntid 4, 1, 1").And.Match(@"@!?%p\d+ bra\s").And.Not.Match(@"@!?%p\d+ bra\.uni"));
    }

    [Test]
    public void Find_OfAKnownKernel_LoadsNothing()
    {
        using CudaDevice device = StandInDriver.Open();
        LoadedKernel<ProbeArguments> kernel = device.Find<ProbeArguments>(ProbeKernels.Probe);
        int live = StandInDriver.Live;
        Assert.That(device.Find<ProbeArguments>(ProbeKernels.Probe), Is.SameAs(kernel));
        Assert.That(StandInDriver.Live, Is.EqualTo(live));
    }

    [Test]
    public void Find_WhereTheDriverRefusesTheText_GivesItsLog()
    {
        using CudaDevice device = StandInDriver.Open();
        Assert.That(
            () => device.Find<ProbeArguments>(ProbeKernels.Refused),
            Throws.TypeOf<KernelBuildException>()
                .With.Message.StartsWith("cuda: cuModuleLoadDataEx failed (CUDA_ERROR_INVALID_PTX, 218) for ProbeKernels.Refused on 'Stand-in (compute 9.0")
                .And.Message.EndsWith("Log:\nptxas: line 7: unexpected"));
        Assert.That(() => device.Find<ProbeArguments>(ProbeKernels.Probe), Throws.Nothing);
    }

    // What is tried again works: the device was not lost.
    [TestCase("cuMemAlloc_v2", "cuMemAlloc", "64 bytes")]
    [TestCase("cuMemcpyAsync", "cuMemcpyAsync", "8 bytes")]
    [TestCase("cuEventRecord", "cuEventRecord", "a transfer")]
    [TestCase("cuEventSynchronize", "cuEventSynchronize", "a transfer")]
    [TestCase("cuMemsetD32Async", "cuMemsetD32Async", "2 elements")]
    [TestCase("cuModuleLoadDataEx", "loading a kernel", "ProbeKernels.Other")]
    [TestCase("cuModuleGetFunction", "loading a kernel", "ProbeKernels.Other")]
    [TestCase("cuLaunchKernel", "cuLaunchKernel", "ProbeKernels.Other")]
    [TestCase("cuStreamSynchronize", "cuStreamSynchronize", "all work so far")]
    [TestCase("cuCtxGetCurrent", "cuCtxGetCurrent", "Stand-in (compute 9.0")]
    [TestCase("cuCtxSetCurrent", "cuCtxSetCurrent", "Stand-in (compute 9.0")]
    public void Work_WhereACallFails_TellsWhatFailedAndGoesOnAfter(string function, string call, string subject)
    {
        using CudaDevice device = StandInDriver.Open();
        StandInDriver.Fail(function, 2);
        Assert.That(
            () => Work(device),
            Throws.TypeOf<DeviceException>().With.Message.StartsWith($"cuda: {call} failed (CUDA_ERROR_OUT_OF_MEMORY, 2) for {subject}"));
        StandInDriver.FailNoMore();
        Assert.That(() => Work(device), Throws.Nothing);
    }

    // The fault is of an earlier kernel: whatever hears of it first names that, and nothing else is told after.
    [TestCase("cuStreamSynchronize", 700, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase("cuLaunchKernel", 719, "CUDA_ERROR_LAUNCH_FAILED")]
    [TestCase("cuMemsetD32Async", 700, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase("cuMemAlloc_v2", 700, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    [TestCase("cuEventSynchronize", 700, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    public void AnyCall_OnALostDevice_TellsTheFirstCauseAndGivingBackIsSilent(string function, int status, string code)
    {
        CudaDevice device = StandInDriver.Open();
        GpuBuffer buffer = device.Allocate(64);
        LoadedKernel<ProbeArguments> kernel = device.Find<ProbeArguments>(ProbeKernels.Other);
        device.Start(kernel, 1, default);
        StandInDriver.Fail(function, status);
        string first = Assert.Throws<DeviceLostException>(() => Work(device))!.Message;
        string call = function.Replace("_v2", "", StringComparison.Ordinal);
        Assert.That(first, Does.StartWith($"cuda: {call} failed ({code}, {status}) for ")
            .And.EndsWith(" The last kernel before was ProbeKernels.Other. The device is lost: start the process anew."));
        StandInDriver.FailNoMore();
        byte[] bytes = new byte[4];
        Assert.Multiple(() =>
        {
            Assert.That(() => device.Fill(new BufferRef(buffer, 0), 1, 0), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Upload(bytes, new BufferRef(buffer, 0)), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Start(kernel, 1, default), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Find<ProbeArguments>(ProbeKernels.Refused), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Allocate(4), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(device.Synchronize, Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(buffer.Dispose, Throws.Nothing);
            Assert.That(device.Dispose, Throws.Nothing);
        });
    }

    // Its memory is other processes' again.
    [Test]
    public void Dispose_OfALostDevice_EndsItsContext([Values] bool byAnotherThread)
    {
        int contexts = StandInDriver.Contexts;
        CudaDevice device = StandInDriver.Open();
        StandInDriver.Fail("cuStreamSynchronize", 700);
        Assert.That(() => Work(device), Throws.TypeOf<DeviceLostException>());
        if (byAnotherThread)
        {
            Task.Run(device.Dispose).Wait();
        }
        else
        {
            device.Dispose();
        }
        Assert.That(StandInDriver.Contexts, Is.EqualTo(contexts));
    }

    [Test]
    public void Collector_OfWhatALostDeviceLeft_IsSilent()
    {
        Lose();
        GC.Collect();
        // A finalizer that throws ends the process.
        GC.WaitForPendingFinalizers();

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Lose()
        {
            CudaDevice device = StandInDriver.Open();
            _ = device.Allocate(64);
            device.Start(device.Find<ProbeArguments>(ProbeKernels.Other), 1, default);
            StandInDriver.Fail("cuModuleLoadDataEx", 700);
            Assert.That(() => device.Find<ProbeArguments>(ProbeKernels.Probe), Throws.TypeOf<DeviceLostException>());
        }
    }

    [Test]
    public void Collector_OfABufferThatWasDropped_GivesItsMemoryBack()
    {
        using CudaDevice device = StandInDriver.Open();
        int live = StandInDriver.Live;
        Drop(device);
        Assert.That(StandInDriver.Live, Is.EqualTo(live + 1));
        GC.Collect();
        GC.WaitForPendingFinalizers();
        Assert.That(StandInDriver.Live, Is.EqualTo(live));

        [MethodImpl(MethodImplOptions.NoInlining)]
        static void Drop(CudaDevice device) => device.Allocate(64);
    }

    [TestCase("cuCtxCreate_v2", "Stand-in cannot be opened")]
    [TestCase("cuCtxSetCurrent", "Stand-in cannot be opened")]
    [TestCase("cuCtxGetSharedMemConfig", "Stand-in cannot be opened")]
    [TestCase("cuCtxGetCacheConfig", "Stand-in cannot be opened")]
    [TestCase("cuStreamCreate", "Stand-in cannot be opened")]
    [TestCase("cuMemAllocHost_v2", "cuMemAllocHost failed")]
    [TestCase("cuMemAllocHost_v2", "cuMemAllocHost failed", 1)]
    [TestCase("cuEventCreate", "cuEventCreate failed")]
    [TestCase("cuEventCreate", "cuEventCreate failed", 1)]
    public void Open_WhereACallFails_KeepsNothing(string function, string reason, int after = 0)
    {
        int live = StandInDriver.Live;
        StandInDriver.Fail(function, 2, after);
        Assert.That(StandInDriver.Open, Throws.TypeOf<DeviceException>().With.Message.StartsWith($"cuda: {reason} (CUDA_ERROR_OUT_OF_MEMORY, 2)"));
        Assert.That(StandInDriver.Live, Is.EqualTo(live));
    }

    [Test]
    public void Dispose_GivesEverythingBackAndTwiceDoesNothing()
    {
        int live = StandInDriver.Live;
        CudaDevice device = StandInDriver.Open();
        Work(device);
        GpuBuffer late = device.Allocate(64);
        device.Dispose();
        device.Dispose();
        // The context has taken the memory along.
        Assert.That(StandInDriver.Live, Is.EqualTo(live + 1));
        Assert.That(late.Dispose, Throws.Nothing);
        Assert.Multiple(() =>
        {
            Assert.That(() => device.Allocate(4), Throws.TypeOf<ObjectDisposedException>());
            Assert.That(device.Synchronize, Throws.TypeOf<ObjectDisposedException>());
        });
    }

    [TestCase("cuStreamSynchronize", 0)]
    [TestCase("cuEventDestroy_v2", 2)]
    [TestCase("cuMemFreeHost", 2)]
    [TestCase("cuModuleUnload", 1)]
    [TestCase("cuStreamDestroy_v2", 1)]
    [TestCase("cuCtxDestroy_v2", 1)]
    public void Dispose_WhereTheDriverTakesSomethingNotBack_GivesTheRestBack(string function, int kept)
    {
        int live = StandInDriver.Live;
        CudaDevice device = StandInDriver.Open();
        Work(device);
        StandInDriver.Fail(function, 2);
        Assert.That(device.Dispose, Throws.Nothing);
        Assert.That(StandInDriver.Live, Is.EqualTo(live + kept));
    }

    // Every kind of call.
    private static void Work(CudaDevice device)
    {
        using GpuBuffer buffer = device.Allocate(64);
        device.Fill(new BufferRef(buffer, 0), 2, 1);
        byte[] bytes = new byte[8];
        device.Upload(bytes, new BufferRef(buffer, 0));
        device.Start(device.Find<ProbeArguments>(ProbeKernels.Other), 1, default);
        device.Download(new BufferRef(buffer, 0), bytes);
        device.Synchronize();
    }
}
