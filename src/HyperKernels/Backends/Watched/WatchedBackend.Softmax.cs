namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Softmax(SoftmaxOp op, int outer, int axis, int inner, BufferRef a, BufferRef? b, BufferRef y) => Watch(new OpCall(
        Named<SoftmaxOp>.Of(nameof(Softmax), op),
        (on, at) => on.Softmax(op, outer, axis, inner, at[a], at[b], at[y]),
        () =>
        {
            Extent all = Extent.Dense(outer, axis, inner);
            return new Operands().Reads(nameof(a), a, all).Reads(nameof(b), b, all).Writes(nameof(y), y, all);
        })
    { Operations = () => 4.0 * outer * axis * inner });

    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums) => Watch(new OpCall(
        nameof(CrossEntropy),
        (on, at) => on.CrossEntropy(rows, classes, at[logits], at[labels], at[losses], at[logSums]),
        () => new Operands()
            .Reads(nameof(logits), logits, Extent.Dense(rows, classes))
            .Indices(nameof(labels), labels, rows)
            .Writes(nameof(losses), losses, Extent.Dense(rows))
            .Writes(nameof(logSums), logSums, Extent.Dense(rows, 2)))
    { Operations = () => 4.0 * rows * classes });

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y) => Watch(new OpCall(
        nameof(CrossEntropyGradient),
        (on, at) => on.CrossEntropyGradient(rows, classes, at[logits], at[labels], at[logSums], at[gradient], at[y]),
        () => new Operands()
            .Reads(nameof(logits), logits, Extent.Dense(rows, classes))
            .Indices(nameof(labels), labels, rows)
            .Reads(nameof(logSums), logSums, Extent.Dense(rows, 2))
            .Reads(nameof(gradient), gradient, Extent.Dense(rows))
            .Writes(nameof(y), y, Extent.Dense(rows, classes)))
    { Operations = () => 4.0 * rows * classes });
}
