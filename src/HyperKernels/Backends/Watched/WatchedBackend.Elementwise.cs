namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q)
    {
        Broadcast given = sizes;
        Watch(new OpCall(
            Named<UnaryOp>.Of(nameof(Unary), op),
            (on, at) => on.Unary(op, given, at[x], at[y], p, q),
            () => new Operands().Reads(nameof(x), x, Extent.Of(given, given.StrideA)).Writes(nameof(y), y, Result(given)))
        { Operations = () => given.Count });
    }

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q)
    {
        Broadcast given = sizes;
        Watch(new OpCall(
            GradientNames.Of(op),
            (on, at) => on.UnaryGradient(op, given, at[x], at[y], at[gradient], at[dx], p, q),
            () => new Operands()
                .Reads(nameof(x), x, Extent.Of(given, given.StrideA))
                .Reads(nameof(y), y, Extent.Of(given, given.StrideB))
                .Reads(nameof(gradient), gradient, Extent.Of(given, given.StrideC))
                .Writes(nameof(dx), dx, Result(given)))
        { Operations = () => given.Count });
    }

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        Broadcast given = sizes;
        Watch(new OpCall(
            Named<BinaryOp>.Of(nameof(Binary), op),
            (on, at) => on.Binary(op, given, at[a], at[b], at[y]),
            () => new Operands().Reads(nameof(a), a, Extent.Of(given, given.StrideA)).Reads(nameof(b), b, Extent.Of(given, given.StrideB)).Writes(nameof(y), y, Result(given)))
        { Operations = () => given.Count });
    }

    public void Ternary(TernaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y)
    {
        Broadcast given = sizes;
        Watch(new OpCall(
            Named<TernaryOp>.Of(nameof(Ternary), op),
            (on, at) => on.Ternary(op, given, at[a], at[b], at[c], at[y]),
            () => new Operands()
                .Reads(nameof(a), a, Extent.Of(given, given.StrideA))
                .Reads(nameof(b), b, Extent.Of(given, given.StrideB))
                .Reads(nameof(c), c, Extent.Of(given, given.StrideC))
                .Writes(nameof(y), y, Result(given)))
        { Operations = () => given.Count });
    }

    // Elementwise results are dense.
    private static Extent Result(in Broadcast sizes)
    {
        Span<long> lengths = stackalloc long[sizes.Rank];
        for (int axis = 0; axis < sizes.Rank; axis++)
        {
            lengths[axis] = sizes.Sizes[axis];
        }
        return Extent.Dense(lengths);
    }

    // Of the same kinds as Unary, whose names are kept by kind.
    private static class GradientNames
    {
        private static readonly string[] s_names = [.. Enum.GetValues<UnaryOp>().Select(static op => $"{nameof(UnaryGradient)} {op}")];

        public static string Of(UnaryOp op) => s_names[(int)op];
    }
}
