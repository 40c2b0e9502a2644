namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    // As Copy: any elements.
    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y) => Watch(new OpCall(
        nameof(GatherRows),
        (on, at) => on.GatherRows(at[x], rowStride, at[indices], count, length, at[y]),
        () => new Operands()
            .ReadsRows(nameof(x), x, (long)count * length).Indices(nameof(indices), indices, count).WritesIndices(nameof(y), y, Extent.Dense(count, length))));

    public void ScatterAddRows(BufferRef x, BufferRef indices, int count, int length, int rows, BufferRef y) => Watch(new OpCall(
        nameof(ScatterAddRows),
        (on, at) => on.ScatterAddRows(at[x], at[indices], count, length, rows, at[y]),
        () => new Operands().Reads(nameof(x), x, Extent.Dense(count, length)).Indices(nameof(indices), indices, count).Writes(nameof(y), y, Extent.Dense(rows, length)))
    {
        Operations = () => (double)count * length,
        SumSlope = 1,
    });

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y) => Watch(new OpCall(
        adjoint ? "TakeAlong Adjoint" : nameof(TakeAlong),
        (on, at) => on.TakeAlong(adjoint, outer, axis, count, inner, at[x], at[indices], at[y]),
        () => Between(new Operands().Indices(nameof(indices), indices, (long)outer * count * inner), adjoint,
            (nameof(x), x, Extent.Dense(outer, axis, inner)), (nameof(y), y, Extent.Dense(outer, count, inner))))
    {
        Operations = () => adjoint ? (double)outer * count * inner : 0,
        SumSlope = 1,
    });

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y) => Watch(new OpCall(
        nameof(TopK),
        (on, at) => on.TopK(rows, length, count, at[x], at[y]),
        () => new Operands().Reads(nameof(x), x, Extent.Dense(rows, length)).WritesIndices(nameof(y), y, Extent.Dense(rows, count)))
    { Operations = () => (double)rows * length });

    /// <summary>Adds the two sides of an op that computes one from the other: the second from the first, or, for the adjoint, the first from the second.</summary>
    private static Operands Between(Operands all, bool adjoint, (string Name, BufferRef Place, Extent Extent) x, (string Name, BufferRef Place, Extent Extent) y) => adjoint
        ? all.Writes(x.Name, x.Place, x.Extent).Reads(y.Name, y.Place, y.Extent)
        : all.Reads(x.Name, x.Place, x.Extent).Writes(y.Name, y.Place, y.Extent);
}
