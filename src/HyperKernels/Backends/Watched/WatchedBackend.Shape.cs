namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    // What it moves may be integers: that nothing came of it that is not finite is not asked.
    public void Copy(in Broadcast sizes, BufferRef source, BufferRef destination)
    {
        Broadcast given = sizes;
        Watch(new OpCall(
            nameof(Copy),
            (on, at) => on.Copy(given, at[source], at[destination]),
            () => new Operands()
                .Reads(nameof(source), source, Extent.Of(given, given.StrideA))
                .WritesIndices(nameof(destination), destination, Extent.Of(given, given.StrideB))));
    }
}
