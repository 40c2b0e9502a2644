namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Random(RandomKind kind, ulong seed, ulong position, long count, float a, float b, BufferRef y) => Watch(new OpCall(
        Named<RandomKind>.Of(nameof(Random), kind),
        (on, at) => on.Random(kind, seed, position, count, a, b, at[y]),
        () => new Operands().Writes(nameof(y), y, Extent.Dense(count)))
    { Operations = () => count });

    public void Dropout(ulong seed, ulong position, uint threshold, float scale, long count, BufferRef x, BufferRef y) => Watch(new OpCall(
        nameof(Dropout),
        (on, at) => on.Dropout(seed, position, threshold, scale, count, at[x], at[y]),
        () => new Operands().Reads(nameof(x), x, Extent.Dense(count)).Writes(nameof(y), y, Extent.Dense(count)))
    { Operations = () => count });
}
