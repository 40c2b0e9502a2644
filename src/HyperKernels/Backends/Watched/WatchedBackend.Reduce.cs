namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Reduce(ReduceOp op, int outer, int axis, int inner, BufferRef x, BufferRef? center, float scale, BufferRef y) => Watch(new OpCall(
        Named<ReduceOp>.Of(nameof(Reduce), op),
        (on, at) => on.Reduce(op, outer, axis, inner, at[x], at[center], scale, at[y]),
        () => new Operands()
            .Reads(nameof(x), x, Extent.Dense(outer, axis, inner))
            .Reads(nameof(center), center, Extent.Dense(outer, inner))
            .Writes(nameof(y), y, Extent.Dense(outer, inner)))
    {
        Operations = () => (double)outer * axis * inner,
        SumSlope = op == ReduceOp.Sum ? 1 : null,
        RunSums = (on, at) => on.Reduce(op, outer, axis, inner, at[x], at[center], Math.Abs(scale), at[y]),
    });

    public void ArgReduce(bool largest, int outer, int axis, int inner, BufferRef x, BufferRef y) => Watch(new OpCall(
        nameof(ArgReduce),
        (on, at) => on.ArgReduce(largest, outer, axis, inner, at[x], at[y]),
        () => new Operands().Reads(nameof(x), x, Extent.Dense(outer, axis, inner)).WritesIndices(nameof(y), y, Extent.Dense(outer, inner)))
    { Operations = () => (double)outer * axis * inner });
}
