using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Browser;

/// <summary>A short run of a recipe that several tests look at, made when the first asks for it.</summary>
[SetUpFixture]
public sealed class BrowserRuns
{
    private static TestData.TemporaryFolder? s_folder;
    private static readonly Lazy<string> s_mip = new(() =>
    {
        s_folder = TestData.Temporary();
        CliResult run = CliProcess.Run("train", "mip", "--steps", "20", "--out", s_folder.Root);
        Assert.That(run.ExitCode, Is.Zero, run.ToString());
        return s_folder.Root;
    });

    /// <summary>What <c>train mip --steps 20</c> left.</summary>
    internal static string Mip => s_mip.Value;

    [OneTimeTearDown]
    public void Remove() => s_folder?.Dispose();
}
