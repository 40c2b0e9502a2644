using System.Reflection;
using System.Text.Json;
using HyperKernels.Backends.Cuda;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Gpu;

/// <summary>A missing, empty, broken or hostile NVIDIA driver or compiler leads to a reason or a typed error with call and code, never to a crash.</summary>
public sealed class CudaFailureTests
{
    private TestData.TemporaryFolder _folder = null!;
    private string _driver = null!;
    private string _compiler = null!;

    // What the library can do without: giving things back, and names for codes.
    private static readonly string[] s_forgiven =
    [
        "cuDevicePrimaryCtxRelease_v2", "cuStreamDestroy_v2", "cuEventDestroy_v2", "cuMemFreeAsync", "cuMemFreeHost",
    ];

    private static readonly string[] s_discovery =
    [
        "cuInit", "cuDriverGetVersion", "cuDeviceGetCount", "cuDeviceGet", "cuDeviceGetName", "cuDeviceTotalMem_v2", "cuDeviceGetAttribute",
    ];

    private static readonly string[] s_opening = ["cuDevicePrimaryCtxRetain", "cuCtxPushCurrent_v2", "cuStreamCreate", "cuMemHostAlloc", "cuEventCreate"];

    private static readonly string[] s_work =
    [
        "cuMemcpyHtoDAsync_v2", "cuMemcpyDtoHAsync_v2", "cuEventRecord", "cuEventSynchronize", "cuModuleLoadDataEx", "cuModuleGetFunction",
        "cuFuncGetAttribute", "cuLaunchKernel", "nvrtcCreateProgram", "nvrtcCompileProgram", "nvrtcGetCUBINSize", "nvrtcGetCUBIN",
    ];

    public static IEnumerable<string> Forgiven => s_forgiven;

    public static IEnumerable<string> Discovery => s_discovery;

    public static IEnumerable<string> Opening => s_opening;

    public static IEnumerable<string> Work => s_work;

    [OneTimeSetUp]
    public void BuildStandIns()
    {
        _folder = TestData.Temporary();
        _driver = StandIns.Build(_folder, "cuda_standin.c");
        _compiler = StandIns.Build(_folder, "nvrtc_standin.c");
    }

    [OneTimeTearDown]
    public void RemoveStandIns() => _folder.Dispose();

    [TestCase(typeof(CudaApi), "cu")]
    [TestCase(typeof(NvrtcApi), "nvrtc")]
    public void Exports_NameEverythingThatIsCalled(Type api, string prefix) =>
        Assert.That(
            prefix == "cu" ? CudaExports.Driver : CudaExports.Nvrtc,
            Is.EquivalentTo(api.GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Select(method => method.Name)
                .Where(name => name.StartsWith(prefix, StringComparison.Ordinal))));

    [Test]
    public void Info_WithAWorkingDriver_NamesDeviceAndCompiler()
    {
        JsonElement device = Info();
        Assert.That(device.GetProperty("available").GetBoolean(), device.ToString());
        Assert.That(device.GetProperty("description").GetString(), Is.EqualTo("Stand-in (compute 9.0, 8,192 MiB, CUDA 12.8, kernels by NVRTC 12.4)"));
    }

    [Test]
    public void Info_WhereTheLibraryIsNoLibrary_SaysSo() =>
        Assert.That(Reason(("HYPERKERNELS_CUDA", _folder.File("text.so", "not a library"u8))), Does.StartWith("HYPERKERNELS_CUDA names").And.Contain("Needed: an NVIDIA GPU"));

    [Test]
    public void Info_WhereAFunctionIsMissing_NamesIt() =>
        Assert.That(
            Reason(("HYPERKERNELS_CUDA", StandIns.Build(_folder, "cuda_standin.c", "-DWITHOUT_EVENTS"))),
            Does.StartWith("the NVIDIA driver's library lacks cuEventDestroy_v2."));

    [Test]
    public void Info_WhereTheCompilerLacksAFunction_NamesIt() =>
        Assert.That(
            Reason(("HYPERKERNELS_NVRTC", StandIns.Build(_folder, "nvrtc_standin.c", "-DWITHOUT_CUBIN"))),
            Does.StartWith("nothing compiles its kernels: the NVRTC library lacks nvrtcGetCUBINSize"));

    [Test]
    public void Info_WhereThereIsNoCompiler_SaysWhatToInstall() =>
        Assert.That(Reason(("HYPERKERNELS_NVRTC", _folder.File("no.so"))), Does.StartWith("nothing compiles its kernels: HYPERKERNELS_NVRTC names")
            .And.Contain("this build embeds no PTX").And.Contain("Install NVRTC"));

    [Test]
    public void Info_WhereNoDeviceIsThere_SaysSo() =>
        Assert.That(Reason(("STANDIN_DEVICES", "0")), Does.StartWith("the NVIDIA driver shows no device."));

    [Test]
    public void Info_WhereTheDriverFindsNoDevice_SaysSo() =>
        Assert.That(Reason(("STANDIN_FAILS", "cuInit"), ("STANDIN_STATUS", "100")), Does.StartWith("cuInit failed (CUDA_ERROR_NO_DEVICE, 100)"));

    [TestCaseSource(nameof(Discovery))]
    [TestCaseSource(nameof(Opening))]
    public void Info_WhereACallFails_SaysWhich(string function) =>
        Assert.That(Reason(("STANDIN_FAILS", function)), Does.Contain($"{function} failed (CUDA_ERROR_OUT_OF_MEMORY, 2)"));

    [TestCaseSource(nameof(Work))]
    public void Verify_WhereACallFails_TellsCallAndCode(string function)
    {
        CliResult result = Verify(("STANDIN_FAILS", function));
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.AnyOf(1, 3), result.ToString());
            Assert.That(result.Output + result.Error, Does.Match($@"cuda: \w+ failed \(\w+_ERROR_OUT_OF_MEMORY, [12]\)").And.Contain(function));
            Assert.That(result.Error, Does.Not.Contain("   at "));
        });
    }

    [TestCase("1")]
    [TestCase("0")]
    public void Verify_WhereMemoryRunsOut_TellsWhatWasAskedFor(string pools)
    {
        CliResult result = Verify(("STANDIN_POOLS", pools), ("STANDIN_AFTER", "2"), ("STANDIN_FAILS", pools == "1" ? "cuMemAllocAsync" : "cuMemAlloc_v2"));
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

    [TestCaseSource(nameof(Forgiven))]
    public void Verify_WhereACallThatCanBeForgivenFails_RunsToItsEnd(string function)
    {
        CliResult result = Verify(("STANDIN_FAILS", function));
        // The stand-in computes nothing, so that values are wrong; no report may speak of the call.
        Assert.That(result.ExitCode, Is.EqualTo(1), result.ToString());
        Assert.That(result.Output + result.Error, Does.Not.Contain(function));
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

    private Dictionary<string, string> Environment((string Name, string Value)[] settings)
    {
        Dictionary<string, string> environment = new()
        {
            ["HYPERKERNELS_CUDA"] = _driver,
            ["HYPERKERNELS_NVRTC"] = _compiler,
            ["HYPERKERNELS_CACHE"] = "off",
        };
        foreach ((string name, string value) in settings)
        {
            environment[name] = value;
        }
        return environment;
    }
}
