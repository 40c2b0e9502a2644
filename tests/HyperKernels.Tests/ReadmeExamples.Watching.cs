using System.Diagnostics.Metrics;
using HyperKernels.Interchange;
using HyperKernels.Layers;
using HyperKernels.Optim;
using HyperKernels.Tests.Watching;
using Microsoft.Extensions.Logging;

namespace HyperKernels.Tests;

/// <summary>The examples of docs/watching.md.</summary>
[NonParallelizable]
public sealed partial class ReadmeExamples
{
    [Test]
    public void TrainingStep_IsTold()
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        RandomStream random = new(1);
        using Linear net = new(4, 1, random: random);
        using Adam adam = new(net.Parameters, learningRate: 1e-2f);
        using MemoryScope scope = new();
        Tensor x = Ops.RandomNormal([64, 4], random);
        Tensor y = Ops.Sum(x, [1], keepAxes: true);
        using OpProfile profile = new(Device.Cpu);
        // <telling>
        for (int step = 0; step < 100; step++)
        {
            using TrainingStep telling = TrainingStep.Begin(step, examples: 64);
            using Tape tape = new();
            Tensor loss = Ops.MeanSquaredError(net.Forward(x), y);
            tape.Backward(loss);
            adam.Step(tape);
            telling.Report("loss", loss.ToScalar());
        }
        // </telling>
        Assert.That(profile.Steps.Select(static step => step.Number), Is.EqualTo(Enumerable.Range(0, 100)));
    }

    [Test]
    public void Leaks_AreNamed()
    {
        using Device device = new(new Backends.Cpu.CpuBackend(Device.Cpu.VectorWidth, 1));
        using Tensor x = Tensor.Ones([64], device);
        List<Tensor> forgotten = [];
        string told = Written(() =>
        {
            // <leaks>
            device.Memory.NotesPlaces = true;
            Step();                                                     // what is thought to leave nothing behind
            foreach (TensorPlace place in device.Memory.LivePlaces())
            {
                Console.WriteLine(place);                               // 1 tensor, 256 bytes: called by Ops.Exp at Model.Step in Model.cs:line 42
            }
            // </leaks>
        });
        Assert.That(told, Does.Match(@"^1 tensor, 256 bytes: called by Ops\.Exp at ReadmeExamples\.Leaks_AreNamed"));

        void Step() => forgotten.Add(Ops.Exp(x));
    }

    [Test]
    public void Meter_IsListenedTo()
    {
        string told = Written(static () =>
        {
            // <meter>
            using MeterListener listener = new();
            listener.InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Name is "hyperkernels.training.examples" or "hyperkernels.memory.usage")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            };
            listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Console.WriteLine($"{instrument.Name} {value} {instrument.Unit}"));
            listener.Start();
            Train();
            listener.RecordObservableInstruments();
            // </meter>
        });
        Assert.That(told, Does.Contain("hyperkernels.training.examples 8 {example}").And.Match(@"hyperkernels\.memory\.usage \d+ By"));
    }

    [Test]
    public void Logger_IsTold()
    {
        using ListLoggers loggers = new();
        // <logger>
        ILogger logger = loggers.CreateLogger("training");
        using (new TrainingLogger(logger))
        {
            Train();
        }
        // </logger>
        Assert.That(loggers.Lines, Has.Some.StartsWith("Information: Step 0: loss "));
    }

    [Test]
    public void TensorBoard_IsWritten()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = Device.Cpu.Scope();
        RandomStream random = new(1);
        (Tensor weights, Tensor filters) = (Ops.RandomNormal([10, 25], random), Ops.RandomUniform([12, 12], random));
        string before = Environment.CurrentDirectory;
        Environment.CurrentDirectory = folder.Root;
        try
        {
            // <tensorboard>
            using TensorBoardWriter board = new(Path.Combine("runs", "mine"));
            board.AddScalar("loss", 0.25, step: 100);
            board.AddHistogram("first layer", weights, step: 100);
            board.AddImage("filters", filters, step: 100);                 // [height, width] or [3, height, width], 0 to 1
            board.AddText("settings", "| rate | batch |\n|---|---|\n| 1e-3 | 64 |", step: 0);
            // </tensorboard>
            board.Flush();
            Assert.That(EventFile.Read(board.Path), Has.Count.EqualTo(5));
        }
        finally
        {
            Environment.CurrentDirectory = before;
        }
    }

    [Test]
    public void Profile_NamesTheSlowestOp()
    {
        Device device = Device.Cpu;
        string told = Written(() =>
        {
            // <profiling>
            using OpProfile profile = new(device, takesCallers: true);
            Train();
            OpRecord slowest = profile.Ops.MaxBy(op => op.Seconds)!;
            Console.WriteLine($"{slowest.Name}({slowest.Sizes}) {slowest.Pass}: {slowest.Seconds * 1e3:F3} ms, {string.Join(" > ", slowest.Callers)}");
            // </profiling>
        });
        Assert.That(told, Does.Match(@"^[\w ]+\(.*\) (Forward|Backward|Update): [\d.]+ ms, .*TelemetryTests\.Train"));
    }

    [Test]
    public void Checks_NameTheOp()
    {
        using Device device = new(new HyperKernels.Backends.Cpu.CpuBackend(128, 1));
        string told = Written(() =>
        {
            // <checks>
            device.Checks = OpChecks.Finite;
            using MemoryScope scope = device.Scope();
            try
            {
                Tensor entropy = Ops.Log(Tensor.From([0.5f, 0f, 0.5f], [3], device));
            }
            catch (OpCheckException failure)
            {
                // Finite check on cpu: Unary Log(x [3], y [3]) made -infinity at element 1 of y, forward, ... All its inputs were finite: x.
                Console.WriteLine(failure.Message);
            }
            // </checks>
        });
        Assert.That(told, Does.Contain("Unary Log(x [3], y [3]) made -infinity at element 1 of y, forward, ").And.Contain("All its inputs were finite: x."));
    }

    private static void Train() => TelemetryTests.Train(steps: 2);

    private static string Written(Action work)
    {
        TextWriter before = Console.Out;
        using StringWriter text = new();
        Console.SetOut(text);
        try
        {
            work();
        }
        finally
        {
            Console.SetOut(before);
        }
        return text.ToString();
    }
}
