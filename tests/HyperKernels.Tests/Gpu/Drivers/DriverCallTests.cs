using System.Diagnostics;

namespace HyperKernels.Tests.Gpu.Drivers;

/// <summary>
/// Every call that we and ILGPU make to a driver, counted by a stand-in from the opening of a device through training steps to its end, fails once: with an
/// exception that names the call, or made up for. Nothing is left behind, the next step is right, and a device that is lost or taken away says so from then on.
/// </summary>
[Parallelizable(ParallelScope.Children)]
public sealed class DriverCallTests
{
    private static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    // By default every so many calls of a step that are not the first of their function.
    private const int Stride = 32;

    private TestData.TemporaryFolder _folder = null!;

    [OneTimeSetUp]
    public void MakeFolder() => _folder = TestData.Temporary();

    [OneTimeTearDown]
    public void RemoveFolder() => _folder.Dispose();

    [TestCase("opencl")]
    [TestCase("cuda")]
    public void EveryCall_FailingOnce_IsToldOrMadeUpFor(string name) => Check(name, Stride);

    [TestCase("opencl")]
    [TestCase("cuda")]
    [Explicit("minutes: also each of a step's hundreds of calls to the same few functions")]
    [Category("Long")]
    public void EveryCallOfAStep_FailingOnce_IsToldOrMadeUpFor(string name) => Check(name, 1);

    private void Check(string name, int stride)
    {
        if (name == "opencl")
        {
            _ = Gpus.OpenCL;
        }
        string[] lines = Run(name, StandIns.Build(_folder, $"{name}_standin.c"), stride);
        TestContext.Out.WriteLine(string.Join("\n", lines));
        Dictionary<string, string[]> outcomes = lines.Where(line => line.StartsWith('c')).Select(line => line.Split(": "))
            .ToDictionary(line => line[0], line => line[1].Split(", "));
        IReadOnlyDictionary<string, string[]> expected = name == "cuda" ? DriverOutcomes.Cuda : DriverOutcomes.OpenCL;
        Assert.Multiple(() =>
        {
            Assert.That(lines.Where(line => line.StartsWith("WRONG", StringComparison.Ordinal)), Is.Empty);
            // That one is for platforms before OpenCL 2.0.
            Assert.That(lines, Has.One.EqualTo(name == "cuda" ? "NEVER " : "NEVER clCreateCommandQueue"), "all that may be called fails at least once");
            Assert.That(outcomes.Keys, Is.SubsetOf(expected.Keys));
            foreach ((string function, string[] told) in outcomes)
            {
                Assert.That(told, stride == 1 ? Is.EquivalentTo(expected[function]) : Is.SubsetOf(expected[function]), function);
            }
        });
    }

    private static string[] Run(string name, string library, int stride)
    {
        ProcessStartInfo start = new("dotnet", [typeof(DriverCallTests).Assembly.Location, "driver-calls", name, library, $"{stride}"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment[name == "cuda" ? "HYPERKERNELS_CUDA" : "HYPERKERNELS_OPENCL"] = library;
        using Process process = Process.Start(start)!;
        Task<string> error = process.StandardError.ReadToEndAsync();
        Task<string> output = process.StandardOutput.ReadToEndAsync();
        if (!process.WaitForExit(s_longest))
        {
            process.Kill();
        }
        Assert.That(process.ExitCode, Is.Zero, () => $"{error.GetAwaiter().GetResult()}\n{output.GetAwaiter().GetResult()}");
        return output.GetAwaiter().GetResult().Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }
}
