namespace HyperKernels.Backends;

/// <summary>What <see cref="ISegmentBackend.SegmentExtreme"/> looks for.</summary>
internal enum Extreme
{
    Max,
    Min,
}

/// <summary>
/// Slots in segments: slots Offsets[s] to below Offsets[s + 1] are segment s. Without offsets every slot is a segment of its own.
/// Offsets have 32 bits (at most 2^31 - 1 memberships); places in feature rows are computed with 64.
/// </summary>
internal struct SegmentForm
{
    public int Segments;
    public int Slots;

    public BufferRef? Offsets;

    /// <summary>The source row of each slot; none means the slot's own number.</summary>
    public BufferRef? Rows;

    /// <summary>The membership in each slot; none means the slot's own number.</summary>
    public BufferRef? Positions;

    /// <summary>Segment, first slot and end of each piece of a long segment.</summary>
    public BufferRef? Pieces;
    public int PieceCount;

    /// <summary>The first piece of each long segment, and the number of pieces.</summary>
    public BufferRef? FirstPieces;
    public int LongCount;
}

/// <summary>Gathering rows into segments: the hypergraph core.</summary>
internal interface ISegmentBackend
{
    /// <summary>
    /// y[s] = outScale[s] * sum over the slots i of s of weights[position(i), head] * inScale[row(i)] * x[row(i)].   x rows are
    /// <paramref name="xStride"/> apart; y is dense, one row of <paramref name="features"/> per segment; weights have
    /// <paramref name="heads"/> columns, each for features / heads features. Sums run in an order that the form alone decides; an empty segment gives zeros.
    /// </summary>
    /// <param name="form">The segments.</param>
    /// <param name="features">Columns of x and y.</param>
    /// <param name="heads">Columns of weights; divides features.</param>
    /// <param name="x">The rows summed.</param>
    /// <param name="xRows">How many there are.</param>
    /// <param name="xStride">Elements from one to the next.</param>
    /// <param name="weights">Per membership; none means ones.</param>
    /// <param name="inScale">Per row of x; none means ones.</param>
    /// <param name="outScale">Per segment; none means ones.</param>
    /// <param name="pieceSums">Room for one row per piece of <paramref name="form"/>.</param>
    /// <param name="y">Written.</param>
    void SegmentSum(
        in SegmentForm form, int features, int heads, BufferRef x, int xRows, long xStride, BufferRef? weights, BufferRef? inScale, BufferRef? outScale,
        BufferRef? pieceSums, BufferRef y);

    /// <summary>
    /// y[i, h] = scaleA[a] * scaleB[b] * sum over the features k of head h of x[a, k] * z[b, k], with a = rowsA[i] and b = rowsB[i] (none:
    /// i itself).   y [count, heads].
    /// </summary>
    void SegmentDot(
        int count, int features, int heads, BufferRef? rowsA, BufferRef? rowsB, BufferRef x, long xStride, BufferRef z, long zStride,
        BufferRef? scaleA, BufferRef? scaleB, BufferRef y);

    /// <summary>
    /// y[s, f] = the largest or smallest values[position(i), f] of the slots i of s, argument[s, f] = the membership it came from: the first
    /// of equals. An empty segment gives 0 and -1. A NaN wins.   values [slots, features] dense.
    /// </summary>
    void SegmentExtreme(Extreme kind, in SegmentForm form, int features, BufferRef values, BufferRef y, BufferRef argument);

    /// <summary>
    /// The gradient of <see cref="SegmentExtreme"/> and that gradient's own: with spread, y[argument[s, f], f] = x[s, f] (y holds zeros
    /// before); without, y[s, f] = x[argument[s, f], f]. Where argument is -1 nothing is written, or 0.
    /// </summary>
    void SegmentPick(bool spread, int segments, int features, BufferRef argument, BufferRef x, BufferRef y);

    /// <summary>
    /// Without gradient: y[m, c] = exp(x[m, c]) / sum of the same over the segment of m. With: y = x * (gradient - sum of x * gradient over
    /// the segment), x being the softmax.   Dense rows of <paramref name="columns"/>, one per membership.
    /// </summary>
    void SegmentSoftmax(in SegmentForm form, int columns, BufferRef x, BufferRef? gradient, BufferRef y);
}
