using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y)
    {
        CheckForm(form);
        Check(x, Reach(xRows, xStride, features));
        Check(weights, (long)form.Slots * heads);
        Check(inScale, xRows);
        Check(outScale, form.Segments);
        Check(pieceSums, (long)form.PieceCount * features);
        Check(y, (long)form.Segments * features);
        using Loan order = Hold(form.Offsets, form.Rows);
        using Loan places = Hold(form.Positions, form.Pieces);
        using Loan loan = Hold(form.FirstPieces, pieceSums);
        using Loan result = Hold(y);
        Target.SegmentSum(form, features, heads, x, xRows, xStride, weights, inScale, outScale, pieceSums, y);
        Keep(x, weights, inScale, outScale, pieceSums, y);
        Keep(form);
    }

    public void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y)
    {
        // How many rows there are is not known where others name them.
        Check(rowsA, count);
        Check(rowsB, count);
        Check(x, rowsA is null ? Reach(count, xStride, features) : 0);
        Check(z, rowsB is null ? Reach(count, zStride, features) : 0);
        Check(scaleA, rowsA is null ? count : 0);
        Check(scaleB, rowsB is null ? count : 0);
        Check(y, (long)count * heads);
        using Loan rows = Hold(rowsA, rowsB);
        using Loan loan = Hold(y);
        Target.SegmentDot(count, features, heads, rowsA, rowsB, x, xStride, z, zStride, scaleA, scaleB, y);
        Keep(rowsA, rowsB, x, z, scaleA, scaleB, y);
    }

    public void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument)
    {
        CheckForm(form);
        Check(values, (long)form.Slots * features);
        Check(y, (long)form.Segments * features);
        Check(argument, (long)form.Segments * features);
        using Loan order = Hold(form.Offsets, form.Rows);
        using Loan places = Hold(form.Positions, form.Pieces);
        using Loan loan = Hold(form.FirstPieces, argument);
        using Loan result = Hold(y);
        Target.SegmentExtreme(kind, form, features, values, y, argument);
        Keep(values, y, argument);
        Keep(form);
    }

    public void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y)
    {
        long count = (long)segments * features;
        Check(argument, count);
        Check(x, spread ? count : 0);
        Check(y, spread ? 0 : count);
        using Loan loan = Hold(argument, y);
        Target.SegmentPick(spread, segments, features, argument, x, y);
        Keep(argument, x, y);
    }

    public void SegmentSoftmax(in SegmentForm form, int columns, BufferRef x, BufferRef? gradient, BufferRef y)
    {
        long count = (long)form.Slots * columns;
        CheckForm(form);
        Check(x, count);
        Check(gradient, count);
        Check(y, count);
        using Loan order = Hold(form.Offsets, form.Rows);
        using Loan places = Hold(form.Positions, form.Pieces);
        using Loan result = Hold(form.FirstPieces, y);
        Target.SegmentSoftmax(form, columns, x, gradient, y);
        Keep(x, gradient, y);
        Keep(form);
    }

    private void CheckForm(in SegmentForm form, [CallerMemberName] string op = "")
    {
        Check(form.Offsets, form.Segments + 1L, op: op);
        Check(form.Rows, form.Slots, op: op);
        Check(form.Positions, form.Slots, op: op);
        Check(form.Pieces, 3L * form.PieceCount, op: op);
        Check(form.FirstPieces, form.LongCount + 1L, op: op);
    }

    private static void Keep(in SegmentForm form) => Keep(form.Offsets, form.Rows, form.Positions, form.Pieces, form.FirstPieces);
}
