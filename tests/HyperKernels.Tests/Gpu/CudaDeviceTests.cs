using System.Runtime.InteropServices;
using HyperKernels.Backends;
using HyperKernels.Backends.Cuda;
using HyperKernels.Backends.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>The flow of calls to the driver, over a stand-in that keeps device memory on the host and does copies late, as a stream may.</summary>
[NonParallelizable]
public sealed unsafe class CudaDeviceTests
{
    // More than both blocks of the staging memory, and no multiple of one.
    private const int Many = (10 << 20) + 7;

    private TestData.TemporaryFolder _folder = null!;
    private nint _driver;

    /// <summary>Laid out as the stand-in's <c>struct sizes</c>.</summary>
    private struct Sizes
    {
        public int Rank;
        public fixed long Parts[3];
    }

    [OneTimeSetUp]
    public void PutStandInsInPlace()
    {
        // Asked first, so that the rest of the process goes on with what it really has.
        if (Device.All.Any(status => status.Name == "cuda" && status.IsAvailable))
        {
            Assert.Ignore("this process has a real CUDA device; the stand-in cannot take its place.");
        }
        _folder = TestData.Temporary();
        string driver = StandIns.Build(_folder, "cuda_standin.c");
        NativeLibraries.Replace("cuda", driver);
        NativeLibraries.Replace("nvrtc", StandIns.Build(_folder, "nvrtc_standin.c"));
        _driver = NativeLibrary.Load(driver);
    }

    [OneTimeTearDown]
    public void RemoveFolder() => _folder?.Dispose();

    [TearDown]
    public void FailNoMore()
    {
        Fail("", 0, 0);
        Assert.That(Number("standin_depth"), Is.Zero, "a context was left current");
    }

    [TestCase(1)]
    [TestCase(Many)]
    public void Download_AfterUpload_GivesTheSameBytes(int count)
    {
        int[] values = [.. Enumerable.Range(0, count)];
        int[] back = new int[count];
        using CudaDevice device = Open();
        using GpuBuffer buffer = device.Allocate((count + 3L) * 4);
        device.Upload(MemoryMarshal.AsBytes<int>(values), new BufferRef(buffer, 3));
        // What was uploaded is the device's now.
        int[] sent = [.. values];
        Array.Clear(values);
        device.Download(new BufferRef(buffer, 3), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back, Is.EqualTo(sent));
    }

    [Test]
    public void Fill_SetsElementsFromTheOffsetOn()
    {
        using CudaDevice device = Open();
        using GpuBuffer buffer = device.Allocate(5 * 4);
        device.Fill(new BufferRef(buffer, 0), 5, 1);
        device.Fill(new BufferRef(buffer, 1), 3, 7);
        int[] back = new int[5];
        device.Download(new BufferRef(buffer, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back, Is.EqualTo(new[] { 1, 7, 7, 7, 1 }));
    }

    [Test]
    public void Launch_PacksEveryKindOfArgument()
    {
        using CudaDevice device = Open();
        using GpuBuffer x = device.Allocate(8 * 4), y = device.Allocate(8 * 4);
        device.Upload(MemoryMarshal.AsBytes<float>([0, 0, 1, 2, 3, 4, 0, 0]), new BufferRef(x, 0));
        device.Fill(new BufferRef(y, 0), 8, 0);
        GpuKernel kernel = device.Build(new KernelSource("probe.c", "KERNEL(64) probe(")).Find("probe");
        Assert.That(kernel.GroupSize, Is.EqualTo(64));
        Sizes sizes = new() { Rank = 3 };
        sizes.Parts[2] = 1000;
        device.Launch(kernel, 2, [4, KernelArgument.Of(&sizes), new BufferRef(x, 2), 0.5f, -3L, new BufferRef(y, 1), (BufferRef?)null]);
        float[] back = new float[8];
        device.Download(new BufferRef(y, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        // Half of x, less 3, plus the structure's last part, plus the number of threads.
        Assert.That(back, Is.EqualTo(new[] { 0, 1125.5f, 1126f, 1126.5f, 1127f, 0, 0, 0 }));
    }

    [Test]
    public void Build_WhereTheCompilerRefuses_GivesItsLog()
    {
        using CudaDevice device = Open();
        Assert.That(
            () => device.Build(new KernelSource("segment.c", "refused by the compiler")),
            Throws.TypeOf<KernelBuildException>().With.Message.StartsWith("cuda: nvrtcCompileProgram failed (NVRTC_ERROR_COMPILATION, 6) for segment.c")
                .And.Message.Contains("--gpu-architecture=sm_90").And.Message.EndsWith("segment.c(12): error: identifier \"nope\" is undefined"));
    }

    [Test]
    public void Build_WhereTheDriverRefuses_GivesItsLog()
    {
        using CudaDevice device = Open();
        Assert.That(
            () => device.Build(new KernelSource("segment.c", "refused by the driver")),
            Throws.TypeOf<KernelBuildException>().With.Message.StartsWith("cuda: cuModuleLoadDataEx failed (CUDA_ERROR_INVALID_PTX, 218) for segment.c on 'Stand-in")
                .And.Message.EndsWith("ptxas: line 7: unexpected"));
    }

    [Test]
    public void Find_OfAKernelThatIsNotThere_NamesIt()
    {
        using CudaDevice device = Open();
        IGpuModule module = device.Build(new KernelSource("segment.c", "KERNEL(64) probe("));
        Assert.That(() => module.Find("absent"), Throws.TypeOf<KernelBuildException>().With.Message.Contains("(CUDA_ERROR_NOT_FOUND, 500) for absent of segment.c"));
    }

    [Test]
    public void Build_OfAWarmStart_CompilesNothing()
    {
        foreach ((int hits, int misses) in new[] { (0, 1), (1, 0) })
        {
            KernelCache cache = new(_folder.File("cache"));
            using CudaDevice device = Open(cache);
            device.Build(new KernelSource("probe.c", "KERNEL(64) probe("));
            Assert.That((cache.Hits, cache.Misses), Is.EqualTo((hits, misses)));
        }
    }

    [Test]
    public void AnyCall_OnALostDevice_TellsTheFirstCauseAndGivingBackIsSilent()
    {
        CudaDevice device = Open();
        GpuBuffer buffer = device.Allocate(64);
        GpuKernel kernel = device.Build(new KernelSource("probe.c", "KERNEL(64) probe(\nKERNEL(64) other(")).Find("other");
        device.Launch(kernel, 1, []);
        Fail("cuStreamSynchronize", 700, 0);
        string first = Assert.Throws<DeviceLostException>(device.Synchronize)!.Message;
        Assert.That(first, Does.StartWith("cuda: cuStreamSynchronize failed (CUDA_ERROR_ILLEGAL_ADDRESS, 700)").And.Contains("The last kernel before was other."));
        Fail("cuMemsetD32Async", 719, 0);
        Assert.Multiple(() =>
        {
            Assert.That(() => device.Fill(new BufferRef(buffer, 0), 1, 0), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Launch(kernel, 1, []), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(() => device.Allocate(4), Throws.TypeOf<DeviceLostException>().With.Message.EqualTo(first));
            Assert.That(buffer.Dispose, Throws.Nothing);
            Assert.That(device.Dispose, Throws.Nothing);
        });
    }

    [Test]
    public void Open_WhereAnyCallFails_KeepsNothing([Values("cuStreamCreate", "cuMemHostAlloc", "cuEventCreate")] string function, [Values(0, 1)] int after)
    {
        int live = Number("standin_live");
        Fail(function, 2, after);
        if (function == "cuStreamCreate" && after == 1)
        {
            Assert.That(() => Open().Dispose(), Throws.Nothing);
        }
        else
        {
            Assert.That(() => Open(), Throws.TypeOf<DeviceException>().With.Message.StartsWith($"cuda: {function} failed (CUDA_ERROR_OUT_OF_MEMORY, 2)"));
        }
        Assert.That(Number("standin_live"), Is.EqualTo(live));
    }

    [TestCase(0)]
    [TestCase(4)]
    [TestCase(12)]
    public void Borrow_OfMemoryOfAnother_ComputesThereAndLeavesIt(int past)
    {
        using CudaDevice lender = Open();
        using GpuBuffer lent = lender.Allocate(64);
        int live = Number("standin_live");
        using (CudaDevice device = CudaDevice.Over(StandInContext, 0))
        {
            using GpuBuffer buffer = device.Borrow(lent.Handle + past, 8, out long offset);
            Assert.That((buffer.Handle % 16, buffer.IsBorrowed), Is.EqualTo(((nint)0, true)));
            device.Fill(new BufferRef(buffer, offset), 2, 7);
            device.Synchronize();
        }
        int[] back = new int[3];
        lender.Download(new BufferRef(lent, past / 4), MemoryMarshal.AsBytes(back.AsSpan(0, 2)));
        Assert.That(back, Is.EqualTo(new[] { 7, 7, 0 }));
        Assert.That(Number("standin_live"), Is.EqualTo(live));
    }

    [TestCase(0)]
    [TestCase(66)]
    public void Borrow_OfAnAddressThatCannotBe_IsRefused(int address)
    {
        using CudaDevice device = Open();
        Assert.That(() => device.Borrow(address, 4, out _), Throws.ArgumentException.With.Message.StartsWith("Tensor.FromDevice: the address must be a multiple of four bytes"));
    }

    [Test]
    public void FromDevice_SharesAddressesBothWays()
    {
        using CudaDevice lender = Open();
        using GpuBuffer lent = lender.Allocate(64);
        lender.Upload(MemoryMarshal.AsBytes<float>([1, 2, 3]), new BufferRef(lent, 1));
        lender.Synchronize();
        using Device device = Device.FromCuda(StandInContext, 0);
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.FromDevice(lent.Handle + 4, [3], device);
        Assert.That(x.ToArray(), Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That((x.DeviceHandle(out long offset), offset), Is.EqualTo((lent.Handle + 4, 0L)));
        x.CopyFrom([4f, 5f, 6f]);
        device.Synchronize();
        float[] back = new float[5];
        lender.Download(new BufferRef(lent, 0), MemoryMarshal.AsBytes(back.AsSpan()));
        Assert.That(back[1..4], Is.EqualTo(new float[] { 4, 5, 6 }));
    }

    [TestCase("", 1)]
    [TestCase("cuStreamBeginCapture_v2", 0)]
    [TestCase("cuStreamEndCapture", 0)]
    [TestCase("cuGraphInstantiate_v2", 0)]
    public void CapturedStep_StartsAsAGraphWhereTheDriverMakesOne(string refused, int graphs)
    {
        using Device device = new(new GpuBackend(Open()));
        using MemoryScope scope = device.Scope();
        Tensor zeros = default;
        Fail(refused, 900, 0);
        using CapturedStep step = device.Capture(() => zeros = Tensor.Zeros([3], device));
        Fail("", 0, 0);
        zeros.CopyFrom([1f, 2f, 3f]);
        int before = Number("standin_graph_launches");
        step.Run();
        Assert.That(zeros.ToArray(), Is.EqualTo(new float[3]));
        Assert.That(Number("standin_graph_launches") - before, Is.EqualTo(graphs));
    }

    [Test]
    public void Over_AContextThatTheDriverDoesNotKnow_SaysSo() =>
        Assert.That(() => CudaDevice.Over(64, 0), Throws.TypeOf<DeviceException>().With.Message.Contains("(CUDA_ERROR_INVALID_CONTEXT, 201) for the context that was handed over"));

    [Test]
    public void Dispose_GivesEverythingBackAndTwiceDoesNothing()
    {
        int live = Number("standin_live");
        CudaDevice device = Open();
        device.Allocate(64).Dispose();
        device.Dispose();
        device.Dispose();
        Assert.That(Number("standin_live"), Is.EqualTo(live));
        Assert.That(() => device.Allocate(4), Throws.TypeOf<ObjectDisposedException>());
    }

    private static CudaDevice Open(KernelCache? cache = null) =>
        new(CudaChoice.Find(cache ?? new KernelCache(null), out string reason) ?? throw new AssertionException(reason));

    private void Fail(string function, int status, int after)
    {
        fixed (byte* name = System.Text.Encoding.UTF8.GetBytes(function + "\0"))
        {
            ((delegate* unmanaged<byte*, int, int, void>)NativeLibrary.GetExport(_driver, "standin_fail"))(name, status, after);
        }
    }

    private nint StandInContext => ((delegate* unmanaged<nint>)NativeLibrary.GetExport(_driver, "standin_context"))();

    private int Number(string function) => ((delegate* unmanaged<int>)NativeLibrary.GetExport(_driver, function))();
}
