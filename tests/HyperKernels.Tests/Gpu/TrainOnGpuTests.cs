using System.Text.Json;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Gpu;

/// <summary>Every recipe on every backend: the losses are those of the processor, to rounding.</summary>
[Parallelizable(ParallelScope.All)]
public sealed class TrainOnGpuTests
{
    // Of a loss. Rounding differs between devices and grows with every step; after three Adam steps it is a few parts per million.
    private const double Tolerance = 1e-4;

    [TestCase("mip", Explicit = true, Category = "Long")]
    [TestCase("mip-mnist", Explicit = true, Category = "Long")]
    [TestCase("mnist-fashion")]
    [TestCase("lenet")]
    [TestCase("hgnn")]
    public void Train_OnOpenCL_GivesTheLossesOfTheProcessor(string recipe)
    {
        _ = Gpus.OpenCL;
        IReadOnlyList<(string Name, double Value)> expected = Losses(recipe, "cpu");
        IReadOnlyList<(string Name, double Value)> actual = Losses(recipe, "opencl");
        Assert.That(actual.Select(loss => loss.Name), Is.EqualTo(expected.Select(loss => loss.Name)));
        Assert.Multiple(() =>
        {
            foreach (((string name, double loss), double other) in expected.Zip(actual.Select(a => a.Value)))
            {
                Assert.That(other, Is.EqualTo(loss).Within(Tolerance * loss), name);
            }
        });
    }

    private static List<(string Name, double Value)> Losses(string recipe, string device)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", recipe, "--steps", "3", "--device", device, "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Json.GetProperty("device").GetString(), Is.EqualTo(device));
        List<(string, double)> losses = [];
        foreach (string line in File.ReadLines(folder.File("metrics.jsonl")))
        {
            using JsonDocument document = JsonDocument.Parse(line);
            losses.AddRange(document.RootElement.EnumerateObject().Where(figure => figure.Name.EndsWith("loss", StringComparison.Ordinal))
                .Select(figure => (figure.Name, figure.Value.GetDouble())));
        }
        Assert.That(losses, Is.Not.Empty);
        return losses;
    }
}
