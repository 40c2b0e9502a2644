using HyperKernels.Distributed;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests.Distributed;

public sealed class ScaleModelTests
{
    [Test]
    public void Fit_ToRunsOfAKnownMachine_FindsItsPrices()
    {
        ScaleModel machine = new(2e-9, 1e-10, 3e-9, 1e-9, 16, 1, 6);
        ScaleRun[] runs =
        [
            .. new[] { (1, 64, 32), (2, 16, 8), (4, 32, 64), (3, 100, 10), (2, 8, 48) }.Select(static sizes => new ScaleWork(
                sizes.Item1, 10_000 * sizes.Item2, 8_000 * sizes.Item3, 500_000, sizes.Item2, sizes.Item3, 8, 1_000 * (sizes.Item1 - 1)))
                .Select(work => new ScaleRun(work, machine.ComputeSeconds(work), machine.Seconds(work) - machine.ComputeSeconds(work), machine.PeakBytes(work))),
        ];
        ScaleModel fitted = ScaleModel.Fit(runs);
        ScaleWork other = new(64, 2e8, 1e8, 1e9, 64, 32, 8, 5e7);
        Assert.That(fitted.Seconds(other), Is.EqualTo(machine.Seconds(other)).Within(1e-6 * machine.Seconds(other)));
        Assert.That(fitted.PeakBytes(other), Is.EqualTo(machine.PeakBytes(other)).Within(1e-6 * machine.PeakBytes(other)));
        Assert.That(() => ScaleModel.Fit(runs[..2]), Throws.ArgumentException.With.Message.Contains("at least 3 runs"));
    }

    [TestCase(4, 6, 0.3)]
    [TestCase(7, 3, 1.0)]
    [TestCase(5, 4, 0.0)]
    public void ExpectedConnectivity_IsTheMeanOfDrawnHyperedges(int parts, int size, double elsewhere)
    {
        const int Edges = 40_000;
        Random random = new(1);
        double drawn = Enumerable.Range(0, Edges).Sum(_ => Enumerable.Range(0, size).Select(_ => random.NextDouble() < elsewhere ? random.Next(parts) : 0).Distinct().Count() - 1);
        Assert.That(ScaleWork.ExpectedConnectivity(Edges, size, parts, elsewhere), Is.EqualTo(drawn).Within(5 * Math.Sqrt(Edges) + 1e-6));
    }

    [Test]
    public void HaloBytes_AreThoseThatARunSends()
    {
        // Two widths, forward and backward, both ways: what PartitionTests counts in rows.
        ScaleWork work = new(4, 1_000, 1_000, 10_000, 64, 32, 8, 500);
        Assert.That(work.HaloBytes * 4, Is.EqualTo(500 * 2 * 2 * (32 + 8) * sizeof(float)));
    }

    [Test]
    public void Scale_PrintsATableForEveryNumberOfProcesses()
    {
        CliResult result = CliProcess.Run("scale");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(result.Output, Does.Contain("\n       64").And.Contain("\n     1024").And.Contain("at random"));
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult bad = CliProcess.Run("scale", "--runs", folder.File("runs.json", "{} ["u8));
        Assert.That(bad.ExitCode, Is.EqualTo(4), bad.ToString());
        Assert.That(bad.Error, Does.Contain("line 1: documents of `partition run --json`"));
    }
}
