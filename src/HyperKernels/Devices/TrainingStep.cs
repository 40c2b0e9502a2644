using System.Diagnostics;

namespace HyperKernels;

/// <summary>
/// One step of a training loop, told to whoever watches: it counts in the meter, is an activity of the activity source, and names the step in what
/// <see cref="Device.Checks"/> and <see cref="OpProfile"/> say. Dispose of it at the step's end.
/// </summary>
/// <remarks>Costs about a microsecond where nobody listens. Flows with the async context, as scopes do.</remarks>
public sealed class TrainingStep : IDisposable
{
    private static readonly AsyncLocal<TrainingStep?> s_current = new();

    private readonly TrainingStep? _outer;
    private readonly Activity? _activity;
    private readonly long _start;
    private bool _ended;

    private TrainingStep(long number, long examples)
    {
        (Number, Examples) = (number, examples);
        _outer = s_current.Value;
        s_current.Value = this;
        _activity = Telemetry.StartStep(number, examples);
        _start = Stopwatch.GetTimestamp();
    }

    /// <summary>The innermost step of this logical flow, or null.</summary>
    public static TrainingStep? Current => s_current.Value;

    /// <summary>The step's number.</summary>
    public long Number { get; }

    /// <summary>How many examples it learns from.</summary>
    public long Examples { get; }

    /// <summary>Begins a step.</summary>
    /// <param name="number">Counted as the caller likes, from 0 or 1.</param>
    /// <param name="examples">How many examples it learns from; 0 if that is not known.</param>
    /// <exception cref="ArgumentException">The number of examples is negative.</exception>
    public static TrainingStep Begin(long number, long examples = 0)
    {
        if (examples < 0)
        {
            Throw.Argument($"TrainingStep.Begin: the number of examples must be 0 or more; got {examples}.");
        }
        return new TrainingStep(number, examples);
    }

    /// <summary>Tells a number of the step, such as its loss.</summary>
    /// <param name="name">What it is: <c>loss</c>.</param>
    /// <param name="value">May be infinite or not a number: who watches will want to know.</param>
    public void Report(string name, double value) => Telemetry.Report(_activity, name, value);

    /// <summary>Ends the step. Ending it twice does nothing.</summary>
    public void Dispose()
    {
        if (_ended)
        {
            return;
        }
        _ended = true;
        long end = Stopwatch.GetTimestamp();
        s_current.Value = _outer;
        OpProfile.NoteStep(this, _start, end);
        Telemetry.EndStep(_activity, this, Stopwatch.GetElapsedTime(_start, end).TotalSeconds);
    }
}
