namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
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
        Target.Optimize(step, targets);
        foreach (ref readonly OptimizerTarget target in targets)
        {
            KeepHeld(target.Value, target.Gradient, target.First, target.Second, target.Left, target.Right);
        }
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
