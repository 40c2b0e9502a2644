using System.Reflection;
using System.Text.Json;
using HyperKernels.Backends.OpenCL;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Gpu;

/// <summary>A missing, empty, broken or hostile OpenCL leads to a reason or a typed error with call and code, never to a crash.</summary>
public sealed class OpenCLFailureTests
{
    private TestData.TemporaryFolder _folder = null!;
    private string _standIn = null!;

    // What the library can do without: giving things back, and the kernel cache.
    private static readonly string[] s_forgiven =
    [
        "clReleaseContext", "clReleaseCommandQueue", "clReleaseMemObject", "clReleaseProgram", "clReleaseKernel", "clGetProgramInfo",
        "clGetProgramBuildInfo", "clCreateProgramWithBinary", "clReleaseEvent", "clFlush",
    ];

    private static readonly string[] s_discovery = ["clGetPlatformIDs", "clGetPlatformInfo", "clGetDeviceInfo"];

    // Asked of handles that an application brings along: ForeignDeviceTests.
    private static readonly string[] s_foreign = ["clGetCommandQueueInfo", "clGetMemObjectInfo"];

    public static IEnumerable<string> Forgiven => s_forgiven;

    public static IEnumerable<string> Discovery => s_discovery;

    // A platform whose devices cannot be listed is passed over, and checks read back rather than wait by clFinish: these two are neither.
    public static IEnumerable<string> Fatal => OpenCLChoice.Functions.Except(s_forgiven).Except(s_discovery).Except(s_foreign).Except(["clGetDeviceIDs", "clFinish"]);

    [OneTimeSetUp]
    public void BuildStandIn()
    {
        _folder = TestData.Temporary();
        _standIn = StandIns.Build(_folder, "opencl_standin.c");
    }

    [OneTimeTearDown]
    public void RemoveStandIn() => _folder.Dispose();

    [Test]
    public void Functions_NameEverythingThatIsCalled() =>
        Assert.That(
            OpenCLChoice.Functions,
            Is.EquivalentTo(typeof(OpenCLApi).GetMethods(BindingFlags.Static | BindingFlags.NonPublic).Select(method => method.Name)
                .Where(name => name.StartsWith("cl", StringComparison.Ordinal))));

    [Test]
    public void Info_WhereTheLibraryIsNoLibrary_SaysSo() =>
        Assert.That(Reason(_folder.File("text.so", "not a library"u8)), Does.Contain("HYPERKERNELS_OPENCL names").And.Contain("apt-get install"));

    [Test]
    public void Info_WhereAFunctionIsMissing_NamesIt()
    {
        // The real loader behind the stand-in must not lend its own.
        string lacking = StandIns.Build(_folder, "opencl_standin.c", "-DWITHOUT_CLFINISH");
        Assert.That(Reason(lacking), Does.StartWith("the OpenCL loader lacks clFinish."));
    }

    [TestCase("none")]
    [TestCase("empty")]
    public void Info_WhereNoDeviceIsRegistered_SaysSo(string platforms) =>
        Assert.That(Reason(_standIn, ("STANDIN_PLATFORMS", platforms)), Does.StartWith("the OpenCL loader knows no device."));

    [TestCaseSource(nameof(Discovery))]
    public void Info_WhereAQueryFails_SaysWhich(string function)
    {
        _ = Gpus.OpenCL;
        Assert.That(Reason(_standIn, ("STANDIN_FAILS", function)), Does.Contain($"opencl: {function} failed (CL_OUT_OF_HOST_MEMORY, -6)"));
    }

    [TestCaseSource(nameof(Fatal))]
    public void Verify_WhereACallFails_EndsWithCallAndCode(string function)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function));
        Assert.Multiple(() =>
        {
            Assert.That(result.ExitCode, Is.AnyOf(1, 3), result.ToString());
            Assert.That(result.Output + result.Error, Does.Contain($"opencl: {function} failed (CL_OUT_OF_HOST_MEMORY, -6)").Or.Contain("opencl: out of memory: asked for"));
            Assert.That(result.Error, Does.Not.Contain("   at "));
        });
    }

    [Test]
    public void Verify_WhereAnAllocationFails_EndsWithARequest([Range(1, 8)] int after)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", "clCreateBuffer"), ("STANDIN_AFTER", $"{after}"), ("STANDIN_STATUS", "-4"));
        Assert.That(result.ExitCode, Is.AnyOf(1, 3), result.ToString());
        Assert.That(result.Output + result.Error, Does.Contain("opencl: out of memory: asked for")
            .Or.Contain("opencl: clCreateBuffer failed (CL_MEM_OBJECT_ALLOCATION_FAILURE, -4)"));
    }

    [Test]
    public void Synchronize_WhereItFails_EndsWithCallAndCode()
    {
        _ = Gpus.OpenCL;
        CliResult result = CliProcess.Run(Environment(_standIn, [("STANDIN_FAILS", "clFinish")]), "bench", "--backend", "opencl", "--op", "add");
        Assert.That(result.ExitCode, Is.EqualTo(3), result.ToString());
        Assert.That(result.Error, Does.Contain("opencl: clFinish failed (CL_OUT_OF_HOST_MEMORY, -6)"));
    }

    [Test]
    public void Verify_WhereTheQueueBreaks_TellsThatTheDeviceIsLost()
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", "clEnqueueNDRangeKernel"), ("STANDIN_STATUS", "-36"));
        Assert.That(result.Output + result.Error, Does.Contain("CL_INVALID_COMMAND_QUEUE, -36").And.Contain("The device is lost"));
    }

    [TestCaseSource(nameof(Forgiven))]
    public void Verify_WhereACallThatCanBeForgivenFails_Passes(string function)
    {
        _ = Gpus.OpenCL;
        CliResult result = Verify(("STANDIN_FAILS", function));
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
    }

    private CliResult Verify(params (string Name, string Value)[] settings) =>
        CliProcess.Run(Environment(_standIn, settings), "verify", "--backend", "opencl", "--filter", "add(A=[17]", "--json");

    private static string Reason(string library, params (string Name, string Value)[] settings)
    {
        CliResult result = CliProcess.Run(Environment(library, settings), "info", "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement device = result.Json.GetProperty("devices").EnumerateArray().First(known => known.GetProperty("name").GetString() == "opencl");
        Assert.That(device.GetProperty("available").GetBoolean(), Is.False);
        return device.GetProperty("reason").GetString()!;
    }

    private static Dictionary<string, string> Environment(string library, (string Name, string Value)[] settings)
    {
        Dictionary<string, string> environment = settings.ToDictionary(setting => setting.Name, setting => setting.Value);
        environment["HYPERKERNELS_OPENCL"] = library;
        environment["HYPERKERNELS_CACHE"] = "off";
        return environment;
    }
}
