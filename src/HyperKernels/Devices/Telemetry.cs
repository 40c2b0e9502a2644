using System.Diagnostics;
using System.Diagnostics.Metrics;
using HyperKernels.Backends;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>
/// What the engine tells to whoever listens: a <see cref="Meter"/> and an <see cref="ActivitySource"/>, both called <c>HyperKernels</c>, as
/// OpenTelemetry, <c>dotnet-counters</c> and <see cref="MeterListener"/> take them. docs/watching.md lists all instruments.
/// </summary>
/// <remarks>Where nobody listens, an op costs the same as without: whether somebody does is one comparison.</remarks>
public static class Telemetry
{
    /// <summary>The name of the meter.</summary>
    public const string MeterName = "HyperKernels";

    /// <summary>The name of the activity source.</summary>
    public const string ActivitySourceName = "HyperKernels";

    /// <summary>The name of the activity of a <see cref="TrainingStep"/>; inside it are <c>backward</c> and <c>optimizer step</c>.</summary>
    public const string StepActivity = "training step";

    private const string DeviceTag = "hyperkernels.device.name";
    private const string StateTag = "hyperkernels.memory.state";

    private static readonly ActivitySource s_source = new(ActivitySourceName);
    private static readonly Meter s_meter = new(MeterName);
    private static readonly List<WeakReference<Device>> s_devices = [];

    private static readonly Counter<long> s_steps = s_meter.CreateCounter<long>("hyperkernels.training.steps", "{step}", "Training steps done.");
    private static readonly Counter<long> s_examples = s_meter.CreateCounter<long>("hyperkernels.training.examples", "{example}", "Examples learned from.");
    private static readonly Histogram<double> s_stepDuration =
        s_meter.CreateHistogram<double>("hyperkernels.training.step.duration", "s", "Duration of training steps.");

    private static readonly Gauge<double> s_value = s_meter.CreateGauge<double>("hyperkernels.training.value", "1", "The newest of a number that steps report, such as the loss.");
    private static readonly Counter<long> s_optimizerSteps = s_meter.CreateCounter<long>("hyperkernels.optimizer.steps", "{step}", "Steps of optimisers.");
    private static readonly Histogram<double> s_opDuration =
        s_meter.CreateHistogram<double>("hyperkernels.op.duration", "s", "Duration of ops; on a GPU that of launching them.");

    static Telemetry()
    {
        s_meter.CreateObservableUpDownCounter(
            "hyperkernels.memory.usage", static () => Measure(static device => [(device.Memory.LiveBytes, "live"), (device.Memory.PooledBytes, "pooled")]), "By",
            "Bytes behind live tensors, and bytes that wait in the pool.");
        s_meter.CreateObservableGauge(
            "hyperkernels.memory.peak", static () => Measure(static device => [(device.Memory.PeakBytes, null)]), "By", "The most bytes in use so far, live and pooled.");
        s_meter.CreateObservableUpDownCounter(
            "hyperkernels.memory.limit", static () => Measure(static device => device.Memory.Limit is { } limit ? [(limit, null)] : []), "By",
            "The most bytes that may be in use, where there is a limit.");
        s_meter.CreateObservableUpDownCounter(
            "hyperkernels.memory.tensor.count", static () => Measure(static device => [(device.Memory.LiveTensors, null)]), "{tensor}", "Tensors that are not disposed.");
        s_meter.CreateObservableCounter(
            "hyperkernels.memory.allocations", static () => Measure(static device => [(device.Memory.SystemAllocations, null)]), "{allocation}",
            "How often memory was taken from the system; stands still in steady state.");
    }

    /// <summary>Whether somebody wants to know how long ops take.</summary>
    internal static bool ListensToOps => s_opDuration.Enabled;

    /// <summary>A device whose memory is to be told of.</summary>
    internal static void Note(Device device)
    {
        lock (s_devices)
        {
            s_devices.RemoveAll(static reference => !reference.TryGetTarget(out _));
            s_devices.Add(new WeakReference<Device>(device));
        }
    }

    /// <summary>A device that was closed.</summary>
    internal static void Forget(Device device)
    {
        lock (s_devices)
        {
            s_devices.RemoveAll(reference => !reference.TryGetTarget(out Device? other) || ReferenceEquals(other, device));
        }
    }

    internal static void NoteOp(IBackend backend, OpCall call)
    {
        if (s_opDuration.Enabled)
        {
            s_opDuration.Record(
                Stopwatch.GetElapsedTime(call.Start, call.End).TotalSeconds, new("hyperkernels.op.name", call.Name), new("hyperkernels.op.pass", NameOf(call.Pass)),
                new(DeviceTag, backend.Name));
        }
    }

    /// <summary>An optimiser's step; the activity is to be disposed at its end.</summary>
    internal static Activity? StartOptimizerStep()
    {
        s_optimizerSteps.Add(1);
        return s_source.StartActivity("optimizer step");
    }

    /// <summary>A backward pass; the activity is to be disposed at its end.</summary>
    internal static Activity? StartBackward() => s_source.StartActivity("backward");

    internal static Activity? StartStep(long number, long examples) => s_source.StartActivity(StepActivity)
        ?.SetTag("hyperkernels.training.step", number).SetTag("hyperkernels.training.examples", examples);

    internal static void Report(Activity? step, string name, double value)
    {
        step?.SetTag($"hyperkernels.training.value.{name}", value);
        if (s_value.Enabled)
        {
            s_value.Record(value, new KeyValuePair<string, object?>("hyperkernels.training.value.name", name));
        }
    }

    internal static void EndStep(Activity? activity, TrainingStep step, double seconds)
    {
        s_steps.Add(1);
        s_examples.Add(step.Examples);
        s_stepDuration.Record(seconds);
        activity?.Dispose();
    }

    private static string NameOf(OpPass pass) => pass switch { OpPass.Forward => "forward", OpPass.Backward => "backward", _ => "update" };

    private static List<Measurement<long>> Measure(Func<Device, (long Value, string? State)[]> read)
    {
        Device[] devices;
        lock (s_devices)
        {
            devices = [.. s_devices.Select(static reference => reference.TryGetTarget(out Device? device) ? device : null).OfType<Device>()];
        }
        List<Measurement<long>> all = [];
        foreach (Device device in devices)
        {
            foreach ((long value, string? state) in read(device))
            {
                KeyValuePair<string, object?> name = new(DeviceTag, device.Name);
                all.Add(state is null ? new Measurement<long>(value, name) : new Measurement<long>(value, name, new(StateTag, state)));
            }
        }
        return all;
    }
}
