using System.Diagnostics;
using System.Diagnostics.Metrics;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Watching;

/// <summary>Meter and activities say what a training step did, and cost nothing where nobody listens.</summary>
[NonParallelizable]
public sealed class TelemetryTests
{
    [Test]
    public void Meter_TellsOfStepsExamplesMemoryAndOps()
    {
        Dictionary<string, List<(double Value, Dictionary<string, object?> Tags)>> seen = [];
        using MeterListener listener = new();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == Telemetry.MeterName)
            {
                self.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Note(instrument, value, tags));
        listener.Start();
        Train(steps: 3);
        listener.RecordObservableInstruments();
        Assert.Multiple(() =>
        {
            Assert.That(seen["hyperkernels.training.steps"].Sum(static m => m.Value), Is.EqualTo(3));
            Assert.That(seen["hyperkernels.training.examples"].Sum(static m => m.Value), Is.EqualTo(24));
            Assert.That(seen["hyperkernels.training.step.duration"].Select(static m => m.Value), Has.Exactly(3).GreaterThan(0));
            Assert.That(seen["hyperkernels.training.value"], Has.Exactly(3).Items);
            Assert.That(seen["hyperkernels.training.value"][0].Tags["hyperkernels.training.value.name"], Is.EqualTo("loss"));
            Assert.That(seen["hyperkernels.optimizer.steps"].Sum(static m => m.Value), Is.EqualTo(3));
            Assert.That(seen["hyperkernels.memory.usage"].Select(static m => m.Tags["hyperkernels.memory.state"]), Does.Contain("live").And.Contain("pooled"));
            Assert.That(seen["hyperkernels.memory.usage"].Where(static m => (string?)m.Tags["hyperkernels.device.name"] == "cpu"), Is.Not.Empty);
            Assert.That(seen["hyperkernels.memory.peak"].Max(static m => m.Value), Is.GreaterThan(0));
            Assert.That(seen.Keys, Does.Contain("hyperkernels.memory.tensor.count").And.Contain("hyperkernels.memory.allocations"));
        });
        (string?, string?)[] ops = [.. seen["hyperkernels.op.duration"].Select(static m => ((string?)m.Tags["hyperkernels.op.name"], (string?)m.Tags["hyperkernels.op.pass"]))];
        Assert.That(ops, Does.Contain(("Matmul", "forward")).And.Contain(("Matmul", "backward")).And.Contain(("Optimize Adam", "update")).And.Contain(("CrossEntropy", "forward")));
        Assert.That(seen["hyperkernels.op.duration"].Select(static m => m.Value), Is.All.InRange(0, 10).And.Some.GreaterThan(0));

        void Note(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
        {
            if (!seen.TryGetValue(instrument.Name, out List<(double, Dictionary<string, object?>)>? all))
            {
                seen[instrument.Name] = all = [];
            }
            all.Add((value, new Dictionary<string, object?>(tags.ToArray())));
        }
    }

    [Test]
    public void ActivitySource_TellsOfStepsWithTheirParts()
    {
        List<Activity> ended = [];
        using ActivityListener listener = new()
        {
            ShouldListenTo = static source => source.Name == Telemetry.ActivitySourceName,
            Sample = static (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        Train(steps: 1);
        Assert.That(ended.Select(static activity => activity.OperationName), Is.EqualTo(["backward", "optimizer step", "training step"]));
        Assert.Multiple(() =>
        {
            Assert.That(ended[0].ParentId, Is.EqualTo(ended[2].Id));
            Assert.That(ended[1].ParentId, Is.EqualTo(ended[2].Id));
            Assert.That(ended[2].GetTagItem("hyperkernels.training.step"), Is.EqualTo(0L));
            Assert.That(ended[2].GetTagItem("hyperkernels.training.examples"), Is.EqualTo(8L));
            Assert.That(ended[2].GetTagItem("hyperkernels.training.value.loss"), Is.TypeOf<double>().And.GreaterThan(0));
        });
    }

    [Test]
    public void Step_NegativeExamples_IsRefused() =>
        Assert.That(() => TrainingStep.Begin(1, -1), Throws.ArgumentException.With.Message.Contains("got -1"));

    [Test]
    public void Step_EndsOnce_AndRestoresTheOuter()
    {
        using TrainingStep outer = TrainingStep.Begin(1);
        TrainingStep inner = TrainingStep.Begin(2);
        Assert.That(TrainingStep.Current, Is.SameAs(inner));
        inner.Dispose();
        inner.Dispose();
        Assert.That(TrainingStep.Current, Is.SameAs(outer));
    }

    [Test]
    public void Ops_WhereNobodyListens_AreNotWatched()
    {
        using Device device = new(new HyperKernels.Backends.Cpu.CpuBackend(128, 1));
        using MemoryScope inputs = device.Scope();
        Tensor x = Tensor.From([1f, 2f], [2], device);
        using MemoryScope scope = new();
        _ = Ops.Relu(x);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 1000; i++)
        {
            scope.Reset();
            _ = Ops.Relu(x);
        }
        Assert.That((GC.GetAllocatedBytesForCurrentThread() - before) / 1000, Is.LessThan(8), "a watched op allocates what it tells");
    }

    internal static void Train(int steps)
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        RandomStream random = new(1);
        using Sequential net = new(new Linear(5, 7, random: random), new Relu(), new Linear(7, 3, random: random));
        using Adam adam = new(net.Parameters, learningRate: 1e-2f);
        for (int step = 0; step < steps; step++)
        {
            using TrainingStep telling = TrainingStep.Begin(step, examples: 8);
            using Tape tape = new();
            Tensor loss = Ops.CrossEntropy(net.Forward(Ops.RandomNormal([8, 5], random)), Tensor.From([0, 1, 2, 0, 1, 2, 0, 1]));
            tape.Backward(loss);
            adam.Step(tape);
            telling.Report("loss", loss.ToScalar());
        }
    }
}
