using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace HyperKernels.Interchange;

/// <summary>
/// Tells a logger how training goes, as long as it is not disposed: progress every few seconds, and warnings as soon as a number that a step reports is not finite, or memory
/// comes near its limit. It listens to <see cref="TrainingStep"/>s, of all loops of the program.
/// </summary>
public sealed partial class TrainingLogger : IDisposable
{
    private const double Near = 0.9;
    private const string ValuePrefix = "hyperkernels.training.value.";

    private readonly ILogger _logger;
    private readonly Device _device;
    private readonly TimeSpan _every;
    private readonly ActivityListener _listener;
    private readonly Lock _gate = new();
    private readonly HashSet<string> _notFinite = [];
    private long _last;
    private long _steps;
    private long _examples;
    private bool _isNearLimit;

    /// <summary>Begins to tell.</summary>
    /// <param name="logger">Where to.</param>
    /// <param name="device">Whose memory is told of; the default device if null.</param>
    /// <param name="every">How often progress is told at most; ten seconds if null. The first step is told at once.</param>
    public TrainingLogger(ILogger logger, Device? device = null, TimeSpan? every = null)
    {
        ArgumentNullException.ThrowIfNull(logger);
        _logger = logger;
        _device = device ?? Device.Default;
        _every = every ?? TimeSpan.FromSeconds(10);
        _listener = new ActivityListener
        {
            ShouldListenTo = static source => source.Name == Telemetry.ActivitySourceName,
            // Spans are wanted with their numbers, and not for any trace.
            Sample = static (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Name == Telemetry.StepActivity ? ActivitySamplingResult.AllData : ActivitySamplingResult.None,
            ActivityStopped = Note,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    /// <summary>Tells nothing any more.</summary>
    public void Dispose() => _listener.Dispose();

    private void Note(Activity activity)
    {
        if (activity.OperationName != Telemetry.StepActivity)
        {
            return;
        }
        lock (_gate)
        {
            long step = activity.GetTagItem("hyperkernels.training.step") as long? ?? 0;
            _steps++;
            _examples += activity.GetTagItem("hyperkernels.training.examples") as long? ?? 0;
            (string Name, double Value)[] values =
            [
                .. activity.TagObjects.Where(static tag => tag.Key.StartsWith(ValuePrefix, StringComparison.Ordinal) && tag.Value is double)
                    .Select(static tag => (tag.Key[ValuePrefix.Length..], (double)tag.Value!)),
            ];
            Warn(step, values);
            long now = Stopwatch.GetTimestamp();
            double seconds = _last == 0 ? activity.Duration.TotalSeconds : Stopwatch.GetElapsedTime(_last, now).TotalSeconds;
            if (_last == 0 || seconds >= _every.TotalSeconds)
            {
                Progress(
                    _logger,
                    step,
                    string.Join(", ", values.Select(static value => FormattableString.Invariant($"{value.Name} {value.Value:G4}"))),
                    _steps / seconds,
                    _examples / seconds,
                    _device.Memory.LiveBytes, _device.Memory.PooledBytes);
                (_last, _steps, _examples) = (now, 0, 0);
            }
        }
    }

    // Each is told when it begins, and not with every step that it lasts.
    private void Warn(long step, (string Name, double Value)[] values)
    {
        foreach ((string name, double value) in values)
        {
            if (double.IsFinite(value))
            {
                _notFinite.Remove(name);
            }
            else if (_notFinite.Add(name))
            {
                NotFinite(_logger, step, name, value);
            }
        }
        long used = _device.Memory.LiveBytes + _device.Memory.PooledBytes;
        bool isNear = _device.Memory.Limit is { } limit && used >= Near * limit;
        if (isNear && !_isNearLimit)
        {
            MemoryIsShort(_logger, step, _device.Name, used, _device.Memory.Limit!.Value);
        }
        _isNearLimit = isNear;
    }

    [LoggerMessage(1, LogLevel.Information, "Step {Step}: {Values}; {StepsPerSecond:F1} steps/s, {ExamplesPerSecond:F0} examples/s; {LiveBytes} bytes live, {PooledBytes} pooled")]
    private static partial void Progress(ILogger logger, long step, string values, double stepsPerSecond, double examplesPerSecond, long liveBytes, long pooledBytes);

    [LoggerMessage(2, LogLevel.Warning, "Step {Step}: {Name} is {Value}. HYPERKERNELS_CHECK=finite, or Device.Checks, names the op it came from.")]
    private static partial void NotFinite(ILogger logger, long step, string name, double value);

    [LoggerMessage(3, LogLevel.Warning, "Step {Step}: {Device} has {UsedBytes} bytes in use of the {LimitBytes} that it may take.")]
    private static partial void MemoryIsShort(ILogger logger, long step, string device, long usedBytes, long limitBytes);
}
