using System.Diagnostics;
using HyperKernels.Backends.Watched;

namespace HyperKernels;

/// <summary>One op of a profile.</summary>
/// <param name="Name">The backend's name for it: <c>Matmul</c>, <c>Unary Tanh</c>.</param>
/// <param name="Sizes">Its operands with their shapes.</param>
/// <param name="Pass">What it ran for.</param>
/// <param name="Step">The number of the <see cref="TrainingStep"/> it ran in; null outside all.</param>
/// <param name="Start">When it began, in seconds since the profile did.</param>
/// <param name="Seconds">How long it took, on a GPU until the device was done.</param>
/// <param name="Bytes">What it had to move at least: every element read and written once.</param>
/// <param name="Operations">Additions and multiplications; 0 where it only moves elements.</param>
/// <param name="Callers">The methods it was called through, from the outermost, where the profile takes them.</param>
public sealed record OpRecord(
    string Name, string Sizes, OpPass Pass, long? Step, double Start, double Seconds, long Bytes, double Operations, IReadOnlyList<string> Callers);

/// <summary>One training step of a profile.</summary>
/// <param name="Number">As given to <see cref="TrainingStep.Begin"/>.</param>
/// <param name="Start">When it began, in seconds since the profile did.</param>
/// <param name="Seconds">How long it took, what profiling itself took left out.</param>
/// <param name="Profiling">How long profiling itself took in it.</param>
public sealed record StepRecord(long Number, double Start, double Seconds, double Profiling);

/// <summary>Notes every op of a device, with its time, bytes and callers, until it is disposed. On a GPU ops are waited for one by one meanwhile.</summary>
public sealed class OpProfile : IDisposable
{
    private static readonly Lock s_gate = new();
    private static OpProfile[] s_running = [];

    private readonly Device _device;
    private readonly ProfileWatcher _watcher;
    private readonly bool _takesCallers;
    private readonly Lock _gate = new();
    private readonly List<OpRecord> _ops = [];
    private readonly List<StepRecord> _steps = [];
    private readonly long _start = Stopwatch.GetTimestamp();

    // The ops of the step before: steps mostly are alike, and what they have in common was called from the same places.
    private readonly List<OpRecord> _stepBefore = [];
    private readonly List<OpRecord> _step = [];
    private long? _stepNumber;
    private long _own;

    /// <summary>Begins to note.</summary>
    /// <param name="device">Whose ops.</param>
    /// <param name="takesCallers">Whether to note who called each op, from the call stack.</param>
    public OpProfile(Device device, bool takesCallers = false)
    {
        _device = device;
        _takesCallers = takesCallers;
        _watcher = new ProfileWatcher(this);
        device.AddWatcher(_watcher);
        lock (s_gate)
        {
            s_running = [.. s_running, this];
        }
    }

    /// <summary>What was noted so far, in order of ending.</summary>
    public IReadOnlyList<OpRecord> Ops
    {
        get
        {
            lock (_gate)
            {
                return [.. _ops];
            }
        }
    }

    /// <summary>The training steps that ended so far.</summary>
    public IReadOnlyList<StepRecord> Steps
    {
        get
        {
            lock (_gate)
            {
                return [.. _steps];
            }
        }
    }

    /// <summary>Notes nothing any more; what was noted stays.</summary>
    public void Dispose()
    {
        _device.RemoveWatcher(_watcher);
        lock (s_gate)
        {
            s_running = [.. s_running.Where(running => !ReferenceEquals(running, this))];
        }
    }

    internal static void NoteStep(TrainingStep step, long start, long end)
    {
        foreach (OpProfile profile in Volatile.Read(ref s_running))
        {
            profile.Note(step, start, end);
        }
    }

    internal void Note(string name, string sizes, OpPass pass, long start, long end, long bytes, double operations, Func<IReadOnlyList<string>> callers)
    {
        lock (_gate)
        {
            long? step = TrainingStep.Current?.Number;
            if (step != _stepNumber)
            {
                _stepNumber = step;
                _step.Clear();
            }
            OpRecord? before = _step.Count < _stepBefore.Count ? _stepBefore[_step.Count] : null;
            bool isAsBefore = before is not null && before.Name == name && before.Pass == pass && before.Sizes == sizes;
            OpRecord op = new(
                name, isAsBefore ? before!.Sizes : sizes, pass, step, Seconds(_start, start), Seconds(start, end), bytes, operations,
                !_takesCallers ? [] : isAsBefore ? before!.Callers : callers());
            _ops.Add(op);
            _step.Add(op);
        }
    }

    /// <summary>Time that went into noting; what lies outside steps is no part of them.</summary>
    internal void NoteOwn(long ticks) => Interlocked.Add(ref _own, TrainingStep.Current is null ? 0 : ticks);

    private void Note(TrainingStep step, long start, long end)
    {
        lock (_gate)
        {
            double own = Interlocked.Exchange(ref _own, 0) / (double)Stopwatch.Frequency;
            _steps.Add(new StepRecord(step.Number, Seconds(_start, start), Seconds(start, end) - own, own));
            _stepBefore.Clear();
            _stepBefore.AddRange(_step);
        }
    }

    private static double Seconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalSeconds;
}
