namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    // Of a target: the value, and what the optimiser keeps beside it.
    private const int WrittenPlaces = 3;

    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        foreach (ref readonly OptimizerTarget target in targets)
        {
            Check(target.Value, target.Count);
            Check(target.Gradient, target.Count);
            Check(target.First, target.Count);
            Check(target.Second, target.Count);
            Check(target.Left, target.Columns == 0 ? 0 : target.Depth * (target.Count / target.Columns));
            Check(target.Right, (long)target.Depth * target.Columns);
        }
        int held = 0;
        try
        {
            for (; held < WrittenPlaces * targets.Length; held++)
            {
                Take(Written(targets, held));
            }
            Target.Optimize(step, targets);
        }
        finally
        {
            while (held-- > 0)
            {
                Release(Written(targets, held)?.Buffer);
            }
        }
        foreach (ref readonly OptimizerTarget target in targets)
        {
            KeepHeld(target.Value, target.Gradient, target.First, target.Second, target.Left, target.Right);
        }
    }

    private static BufferRef? Written(ReadOnlySpan<OptimizerTarget> targets, int place)
    {
        ref readonly OptimizerTarget target = ref targets[place / WrittenPlaces];
        return (place % WrittenPlaces) switch
        {
            0 => target.Value,
            1 => target.First,
            _ => target.Second,
        };
    }

    // An optimiser is who writes, and a captured step's takes the same places at every run: only what was disposed of is refused.
    private static void KeepHeld(params ReadOnlySpan<BufferRef?> places)
    {
        foreach (BufferRef? place in places)
        {
            GC.KeepAlive(place?.Buffer);
            if (place is { IsHeld: false } given)
            {
                RefuseChanged(given);
            }
        }
    }

    public bool UsesUpProduct(int rows, int columns, int depth) => backend.UsesUpProduct(rows, columns, depth);
}
