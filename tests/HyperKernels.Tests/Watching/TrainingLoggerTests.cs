using HyperKernels.Interchange;

namespace HyperKernels.Tests.Watching;

/// <summary>A logger is told of progress now and then, and of what is wrong at once and once.</summary>
[NonParallelizable]
public sealed class TrainingLoggerTests
{
    [Test]
    public void Progress_IsToldAtTheFirstStep_AndNotWithEvery()
    {
        using ListLoggers loggers = new();
        using (new TrainingLogger(loggers.CreateLogger(""), Device.Cpu, every: TimeSpan.FromHours(1)))
        {
            TelemetryTests.Train(steps: 3);
        }
        TelemetryTests.Train(steps: 1);
        Assert.That(loggers.Lines, Has.Count.EqualTo(1));
        Assert.That(loggers.Lines[0], Does.Match(@"^Information: Step 0: loss [\d.]+; [\d.]+ steps/s, \d+ examples/s; \d+ bytes live, \d+ pooled$"));
        Assert.That(loggers.Fields[0], Does.ContainKey("ExamplesPerSecond").And.ContainKey("LiveBytes"));
    }

    [Test]
    public void Progress_EveryStep_WhereThatIsAsked()
    {
        using ListLoggers loggers = new();
        using (new TrainingLogger(loggers.CreateLogger(""), Device.Cpu, every: TimeSpan.Zero))
        {
            TelemetryTests.Train(steps: 3);
        }
        Assert.That(loggers.Fields.Select(static fields => fields["Step"]), Is.EqualTo([0L, 1L, 2L]));
    }

    [Test]
    public void NotFinite_IsWarnedOfOnce_UntilItIsAgain()
    {
        using ListLoggers loggers = new();
        using TrainingLogger logger = new(loggers.CreateLogger(""), Device.Cpu, every: TimeSpan.FromHours(1));
        double[] losses = [1, double.NaN, double.NaN, 1, double.PositiveInfinity];
        for (int step = 0; step < losses.Length; step++)
        {
            using TrainingStep telling = TrainingStep.Begin(step);
            telling.Report("loss", losses[step]);
        }
        Assert.That(loggers.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal)), Is.EqualTo(
        [
            "Warning: Step 1: loss is NaN. HYPERKERNELS_CHECK=finite, or Device.Checks, names the op it came from.",
            "Warning: Step 4: loss is Infinity. HYPERKERNELS_CHECK=finite, or Device.Checks, names the op it came from.",
        ]));
    }

    [Test]
    public void Memory_NearItsLimit_IsWarnedOf()
    {
        using Device device = new(new HyperKernels.Backends.Cpu.CpuBackend(128, 1));
        using Tensor used = Tensor.Zeros([1 << 18], device);
        device.Memory.Limit = (long)((device.Memory.LiveBytes + device.Memory.PooledBytes) * 1.05);
        using ListLoggers loggers = new();
        using TrainingLogger logger = new(loggers.CreateLogger(""), device);
        TrainingStep.Begin(3).Dispose();
        TrainingStep.Begin(4).Dispose();
        Assert.That(loggers.Lines.Where(static line => line.StartsWith("Warning", StringComparison.Ordinal)),
            Has.Exactly(1).Items.And.All.Match(@"^Warning: Step 3: cpu(-128)? has \d+ bytes in use of the \d+ that it may take\.$"));
    }
}
