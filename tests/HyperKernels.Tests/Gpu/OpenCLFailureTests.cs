using System.Text.Json;
using HyperKernels.Gpu;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Gpu;

/// <summary>A missing, empty, broken or hostile OpenCL leads to a reason or a typed error with what failed and its code, never to a crash.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class OpenCLFailureTests
{
    private const string Source = "opencl_standin.c";

    // ILGPU builds a kernel when it opens a device, to see how it is answered.
    private const string AfterOpening = "1";

    private TestData.TemporaryFolder _folder = null!;
    private string _standIn = null!;

    // What the library can do without: giving things back, and what only one driver or another is asked.
    private static readonly string[] s_forgiven =
    [
        "clReleaseContext", "clReleaseCommandQueue", "clReleaseMemObject", "clReleaseProgram", "clReleaseKernel", "clFlush", "clGetProgramBuildInfo",
        "clGetExtensionFunctionAddressForPlatform",
    ];

    private static readonly string[] s_discovery = ["clGetPlatformIDs", "clGetPlatformInfo", "clGetDeviceIDs", "clGetDeviceInfo"];

    // Asked of memory that an application brings along, and of platforms older than 2.0.
    private static readonly string[] s_rare = ["clGetMemObjectInfo", "clCreateCommandQueue"];

    public static IEnumerable<string> Forgiven => s_forgiven;

    public static IEnumerable<string> Discovery => s_discovery;

    public static IEnumerable<string> Fatal => OpenCLImports.Functions.Except(s_forgiven).Except(s_discovery).Except(s_rare);

    [OneTimeSetUp]
    public void BuildStandIn()
    {
        _folder = TestData.Temporary();
        _standIn = StandIns.Build(_folder, Source);
    }

    [OneTimeTearDown]
    public void RemoveStandIn() => _folder.Dispose();

    [Test]
    public void Functions_NameEverythingThatIsCalled() => Assert.That(OpenCLImports.Functions, Is.EquivalentTo(StandIns.Functions(Source)));

    [Test]
    public void Info_WhereTheLibraryIsNoLibrary_SaysSo() =>
        Assert.That(Reason(_folder.File("text.so", "not a library"u8)), Does.Contain("HYPERKERNELS_OPENCL names").And.Contain("apt-get install"));

    [Test]
    public void Info_WhereAFunctionIsMissing_NamesIt()
    {
        // The real loader behind the stand-in must not lend its own.
        string lacking = StandIns.Build(_folder, Source, "-DWITHOUT_CLFINISH");
        Assert.That(Reason(lacking), Does.StartWith("the OpenCL loader lacks clFinish.").And.Contain("apt-get install"));
    }

    [TestCase("none")]
    [TestCase("empty")]
    public void Info_WhereNoDeviceIsRegistered_SaysSo(string platforms) =>
        Assert.That(Reason(_standIn, ("STANDIN_PLATFORMS", platforms)), Does.StartWith("the OpenCL loader knows no device.").And.Contain("apt-get install"));

    [TestCaseSource(nameof(Discovery))]
    public void Info_WhereAQueryFails_SaysWhich(string function)
    {
        _ = Gpus.OpenCL;
        Assert.That(Reason(_standIn, ("STANDIN_FAILS", function)), Does.StartWith($"the OpenCL installation is broken: {function} failed (CL_OUT_OF_HOST_MEMORY, -6)."));
    }

    [TestCaseSource(nameof(Fatal))]
    public void Verify_WhereACallFails_EndsWithWhatFailedAndItsCode(string function)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function));
        AssertFailure(result, @"opencl: (?:.+ (?:failed|cannot be opened) \(CL_OUT_OF_HOST_MEMORY, -6\)|out of memory: asked for)");
    }

    [TestCase("clBuildProgram", -6, "CL_OUT_OF_HOST_MEMORY")]
    [TestCase("clCreateKernel", -46, "CL_INVALID_KERNEL_NAME")]
    public void Verify_WhereAKernelCannotBeMade_NamesIt(string function, int status, string code)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function), ("STANDIN_AFTER", AfterOpening), ("STANDIN_STATUS", $"{status}"));
        AssertFailure(result, $@"opencl: a build failed \({code}, {status}\) for ElementwiseKernels\.");
    }

    [Test]
    public void Verify_WhereTheCompilerRefuses_GivesItsLog()
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", "clBuildProgram"), ("STANDIN_AFTER", AfterOpening), ("STANDIN_STATUS", "-11"));
        AssertFailure(result, @"opencl: a build failed \(CL_BUILD_PROGRAM_FAILURE, -11\) for ElementwiseKernels\..* Log:.*line 7: unexpected");
    }

    // Whatever the driver calls it: the device goes on.
    [TestCase(1, -4)]
    [TestCase(2, -5)]
    [TestCase(4, -61)]
    public void Verify_WhereAnAllocationFails_TellsWhatWasAskedFor(int after, int status)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", "clCreateBuffer"), ("STANDIN_AFTER", $"{after}"), ("STANDIN_STATUS", $"{status}"));
        AssertFailure(result, "opencl: out of memory: asked for [0-9,]+ bytes; ");
        Assert.That(result.Output, Does.Not.Contain("lost"));
    }

    [TestCase("clEnqueueNDRangeKernel", "a launch")]
    [TestCase("clEnqueueReadBuffer", "clEnqueueReadBuffer")]
    public void Verify_WhereTheQueueBreaks_TellsTheFirstCauseEachTime(string function, string call)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function), ("STANDIN_STATUS", "-36"));
        string[] reasons = [.. result.Json.EnumerateArray().Select(report => report.GetProperty("reason").GetString()!)];
        Assert.That(reasons, Is.Not.Empty.And.All.Contain($"opencl: {call} failed (CL_INVALID_COMMAND_QUEUE, -36)").And.All.Contain("The device is lost"), result.ToString());
    }

    [TestCaseSource(nameof(Forgiven))]
    public void Verify_WhereACallThatCanBeForgivenFails_Passes(string function)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function), ("STANDIN_AFTER", function is "clReleaseKernel" or "clReleaseProgram" ? AfterOpening : "0"));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    private static void AssertFailure(CliResult result, string pattern) => Assert.Multiple(() =>
    {
        Assert.That(result.ExitCode, Is.AnyOf(1, 3), result.ToString());
        Assert.That(result.Output + result.Error, Does.Match(pattern));
        Assert.That(result.Error, Does.Not.Contain("   at "));
    });

    private CliResult Verify(params (string Name, string Value)[] settings) =>
        CliProcess.Run(StandIns.Environment([("HYPERKERNELS_OPENCL", _standIn), .. settings]), "verify", "--backend", "opencl", "--filter", "add(A=[17]", "--json");

    private static string Reason(string library, params (string Name, string Value)[] settings)
    {
        CliResult result = CliProcess.Run(StandIns.Environment([("HYPERKERNELS_OPENCL", library), .. settings]), "info", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement device = result.Json.GetProperty("devices").EnumerateArray().First(known => known.GetProperty("name").GetString() == "opencl");
        Assert.That(device.GetProperty("available").GetBoolean(), Is.False);
        return device.GetProperty("reason").GetString()!;
    }
}
