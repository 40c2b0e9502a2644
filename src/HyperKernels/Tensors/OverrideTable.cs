namespace HyperKernels;

/// <summary>
/// What stands in the place of parameters between <see cref="Begin"/> and <see cref="End"/>, for the logical flow that began it. It may
/// begin again after it has ended, if no task that was started inside goes on; from where it began the last time, that allocates nothing.
/// </summary>
internal sealed class OverrideTable(IReadOnlyDictionary<Parameter, WeightUse> replacements)
{
    private static readonly AsyncLocal<OverrideTable?> s_current = new();
    private static int s_active;

    private readonly IReadOnlyDictionary<Parameter, WeightUse> _replacements = replacements;

    // The flow's state around the table and with it: to set a flow's value makes a new state, which is the same as the last time.
    private ExecutionContext? _around;
    private ExecutionContext? _inside;
    private OverrideTable? _outer;
    private bool _isLive;

    /// <summary>Whether any table is in place.</summary>
    public static bool Active => Volatile.Read(ref s_active) != 0;

    public static WeightUse? Find(Parameter parameter)
    {
        for (OverrideTable? table = s_current.Value; table is not null; table = table._outer)
        {
            // A task that outlives the block must not go on with tensors that have ended.
            if (Volatile.Read(ref table._isLive) && table._replacements.TryGetValue(parameter, out WeightUse? replacement))
            {
                return replacement;
            }
        }
        return null;
    }

    public void Begin()
    {
        Interlocked.Increment(ref s_active);
        Volatile.Write(ref _isLive, true);
        ExecutionContext? now = ExecutionContext.Capture();
        if (now is not null && ReferenceEquals(now, _around))
        {
            ExecutionContext.Restore(_inside!);
            return;
        }
        _outer = s_current.Value;
        s_current.Value = this;
        // Where a caller has suppressed the flow there is nothing to come back to.
        _inside = ExecutionContext.Capture();
        _around = _inside is null ? null : now;
    }

    public void End()
    {
        Volatile.Write(ref _isLive, false);
        Interlocked.Decrement(ref s_active);
        if (_around is not null && ReferenceEquals(ExecutionContext.Capture(), _inside))
        {
            ExecutionContext.Restore(_around);
        }
        else if (ReferenceEquals(s_current.Value, this))
        {
            s_current.Value = _outer;
        }
    }
}
