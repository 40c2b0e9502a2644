using System.Text.Json;
using HyperKernels.Gpu;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Gpu;

/// <summary>A missing, empty, broken or hostile NVIDIA driver leads to a reason or a typed error with what failed and its code, never to a crash.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class CudaFailureTests
{
    private const string Source = "cuda_standin.c";

    private TestData.TemporaryFolder _folder = null!;
    private string _driver = null!;

    [OneTimeSetUp]
    public void BuildStandIn()
    {
        _folder = TestData.Temporary();
        _driver = StandIns.Build(_folder, Source);
    }

    [OneTimeTearDown]
    public void RemoveStandIn() => _folder.Dispose();

    [Test]
    public void Functions_NameEverythingThatIsCalled() => Assert.That(CudaImports.Functions, Is.EquivalentTo(StandIns.Functions(Source)));

    [Test]
    public void Info_WithAWorkingDriver_NamesTheDevice()
    {
        JsonElement device = Info();
        Assert.That(device.GetProperty("available").GetBoolean(), device.ToString());
        Assert.That(device.GetProperty("description").GetString(), Is.EqualTo("Stand-in (compute 9.0, 8,192 MiB, CUDA 12.8)"));
    }

    [Test]
    public void Info_WhereTheLibraryIsNoLibrary_SaysSo() =>
        Assert.That(Reason(("HYPERKERNELS_CUDA", _folder.File("text.so", "not a library"u8))), Does.StartWith("HYPERKERNELS_CUDA names").And.Contain("Needed: an NVIDIA GPU"));

    [Test]
    public void Info_WhereAFunctionIsMissing_NamesIt() =>
        Assert.That(
            Reason(("HYPERKERNELS_CUDA", StandIns.Build(_folder, Source, "-DWITHOUT_EVENTS"))),
            Does.StartWith("the NVIDIA driver's library lacks cuEventDestroy_v2. Needed: an NVIDIA GPU"));

    [Test]
    public void Info_WhereNoDeviceIsThere_SaysSo() =>
        Assert.That(Reason(("STANDIN_DEVICES", "0")), Does.StartWith("the NVIDIA driver shows no device. Needed: an NVIDIA GPU"));

    [Test]
    public void Info_WhereTheDriverFindsNoDevice_SaysSo() =>
        Assert.That(Reason(("STANDIN_FAILS", "cuInit"), ("STANDIN_STATUS", "100")), Does.StartWith("cuInit failed (CUDA_ERROR_NO_DEVICE, 100). Needed: an NVIDIA GPU"));

    [Test]
    public void Info_WhereTheDriverIsTooOldForTheDevice_SaysSo() =>
        Assert.That(
            Reason(("STANDIN_VERSION", "10020")),
            Does.StartWith("ILGPU has no code for Stand-in (compute 9.0) with this driver (CUDA 10.2). Needed: an NVIDIA GPU"));

    [TestCase("cuDriverGetVersion")]
    [TestCase("cuDeviceGetCount")]
    [TestCase("cuDeviceGet")]
    [TestCase("cuDeviceGetName")]
    [TestCase("cuDeviceTotalMem_v2")]
    [TestCase("cuDeviceGetAttribute")]
    public void Info_WhereAQueryFails_SaysWhich(string function) =>
        Assert.That(
            Reason(("STANDIN_FAILS", function)),
            Does.StartWith($"the CUDA installation is broken: {function.Replace("_v2", "", StringComparison.Ordinal)} failed (CUDA_ERROR_OUT_OF_MEMORY, 2)."));

    [TestCase("cuCtxCreate_v2", "cuda: Stand-in cannot be opened (CUDA_ERROR_OUT_OF_MEMORY, 2).")]
    [TestCase("cuMemAllocHost_v2", "cuda: cuMemAllocHost failed (CUDA_ERROR_OUT_OF_MEMORY, 2) for 4,194,304 bytes for transfers.")]
    public void Info_WhereTheDeviceCannotBeOpened_SaysWhy(string function, string reason) => Assert.That(Reason(("STANDIN_FAILS", function)), Is.EqualTo(reason));

    [TestCase("cuMemcpyAsync", "cuMemcpyAsync")]
    [TestCase("cuModuleLoadDataEx", "loading a kernel")]
    [TestCase("cuModuleGetFunction", "loading a kernel")]
    [TestCase("cuLaunchKernel", "cuLaunchKernel")]
    public void Verify_WhereACallFails_TellsWhatFailedAndItsCode(string function, string call)
    {
        CliResult result = Verify(("STANDIN_FAILS", function));
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.AnyOf(1, 3), result.ToString());
            Assert.That(result.Output + result.Error, Does.Contain($"cuda: {call} failed (CUDA_ERROR_OUT_OF_MEMORY, 2) for "));
            Assert.That(result.Error, Does.Not.Contain("   at "));
        });
    }

    [Test]
    public void Verify_WhereMemoryRunsOut_TellsWhatWasAskedFor()
    {
        CliResult result = Verify(("STANDIN_AFTER", "2"), ("STANDIN_FAILS", "cuMemAlloc_v2"));
        Assert.That(result.Output, Does.Contain("cuda: out of memory: asked for 256 bytes; "), result.ToString());
    }

    [TestCase("cuLaunchKernel", 719, "CUDA_ERROR_LAUNCH_FAILED")]
    [TestCase("cuEventSynchronize", 700, "CUDA_ERROR_ILLEGAL_ADDRESS")]
    public void Verify_WhereAKernelBreaksTheDevice_TellsTheFirstCauseEachTime(string function, int status, string code)
    {
        CliResult result = Verify(("STANDIN_FAILS", function), ("STANDIN_STATUS", $"{status}"), ("STANDIN_AFTER", "3"));
        string[] reasons = [.. result.Json.EnumerateArray().Select(report => report.GetProperty("reason").GetString()!)
            .Where(reason => reason.Contains("lost", StringComparison.Ordinal))];
        Assert.That(reasons, Is.Not.Empty, result.ToString());
        Assert.That(reasons, Has.All.Contain($"cuda: {function} failed ({code}, {status})").And.All.Contain("The device is lost: start the process anew."));
    }

    private CliResult Verify(params (string Name, string Value)[] settings) =>
        CliProcess.Run(Environment(settings), "verify", "--backend", "cuda", "--filter", "add(A=[17]", "--json");

    private string Reason(params (string Name, string Value)[] settings)
    {
        JsonElement device = Info(settings);
        Assert.That(device.GetProperty("available").GetBoolean(), Is.False);
        return device.GetProperty("reason").GetString()!;
    }

    private JsonElement Info(params (string Name, string Value)[] settings)
    {
        CliResult result = CliProcess.Run(Environment(settings), "info", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        return result.Json.GetProperty("devices").EnumerateArray().First(known => known.GetProperty("name").GetString() == "cuda");
    }

    private Dictionary<string, string> Environment((string Name, string Value)[] settings) => StandIns.Environment([("HYPERKERNELS_CUDA", _driver), .. settings]);
}
