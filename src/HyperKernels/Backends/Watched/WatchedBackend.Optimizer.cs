namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Optimize(OptimizerStep step, ReadOnlySpan<OptimizerTarget> targets)
    {
        OptimizerTarget[] given = targets.ToArray();
        Watch(new OpCall(
            Named<OptimizerRule>.Of(nameof(Optimize), step.Rule),
            (on, at) => on.Optimize(step, Array.ConvertAll(given, target => At(target, at))),
            () => Targets(given))
        {
            Operations = () => given.Sum(static target => (2.0 * target.Depth * target.Count) + (6.0 * target.Count)),
            // Where the gradient is formed on the way, one that should be zero may have either sign, and Adam makes steps of one size of small gradients.
            Slack = given.Where(static target => target.Left is not null).Select(static target => 2.0 * Math.Abs(target.Rate)).DefaultIfEmpty(0).Max(),
        });
    }

    public bool UsesUpProduct(int rows, int columns, int depth) => backend.UsesUpProduct(rows, columns, depth);

    private static Operands Targets(OptimizerTarget[] targets)
    {
        Operands all = new();
        for (int i = 0; i < targets.Length; i++)
        {
            OptimizerTarget target = targets[i];
            Extent values = Extent.Dense(target.Count);
            all.Changes($"value {i}", target.Value, values)
                .Reads($"gradient {i}", target.Gradient, values)
                .Changes($"first {i}", target.First, values)
                .Changes($"second {i}", target.Second, values)
                .Reads($"left {i}", target.Left, Extent.Dense(target.Depth, target.Columns == 0 ? 0 : target.Count / target.Columns))
                .Reads($"right {i}", target.Right, Extent.Dense(target.Depth, target.Columns));
        }
        return all;
    }

    private static OptimizerTarget At(in OptimizerTarget target, Places at) => target with
    {
        Value = at[target.Value],
        Gradient = at[target.Gradient],
        First = at[target.First],
        Second = at[target.Second],
        Left = at[target.Left],
        Right = at[target.Right],
    };
}
