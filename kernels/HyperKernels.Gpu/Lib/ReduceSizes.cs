using System.Numerics;

namespace HyperKernels.Gpu;

/// <summary>
/// How one step of a reduction over the middle axis of [outer, axis, inner] is laid over groups of 256 threads: columns of inner side by side, 2^ColumnBits of
/// them, then 2^RowBits threads along the axis, then as many outer rows as are left. The axis is cut into pieces. Follows from sizes alone.
/// </summary>
internal readonly struct ReduceSizes
{
    private const int GroupBits = 8;

    // A line of memory is read whole.
    private const int MostColumnBits = 5;

    // So few additions in a row that rounding errors do not add up, and enough to pay for the tree that joins the threads.
    private const int FewestSteps = 4;
    private const int MostSteps = 32;

    public readonly int Outer;
    public readonly int Axis;
    public readonly int Inner;
    public readonly int Piece;
    public readonly int Pieces;
    public readonly int ColumnBits;
    public readonly int RowBits;

    public ReduceSizes(int outer, int axis, int inner)
    {
        Outer = outer;
        Axis = axis;
        Inner = inner;
        ColumnBits = Math.Min(MostColumnBits, CeilingBits(inner));
        RowBits = LaneBits(axis, GroupBits - ColumnBits);
        Piece = Math.Max(1, Math.Min(axis, MostSteps << RowBits));
        Pieces = Math.Max(1, (int)Blocks(axis, Piece));
    }

    /// <summary>What the step writes.</summary>
    public long Results => (long)Outer * Pieces * Inner;

    /// <summary>Results of this step and all that follow while there are several pieces.</summary>
    public long PartialResults
    {
        get
        {
            long results = 0;
            for (ReduceSizes step = this; step.Pieces > 1; step = new ReduceSizes(Outer, step.Pieces, Inner))
            {
                results += step.Results;
            }
            return results;
        }
    }

    /// <summary>One per block of columns, piece and block of outer rows.</summary>
    public long Groups => Blocks(Inner, 1 << ColumnBits) * Pieces * Blocks(Outer, 1 << (GroupBits - ColumnBits - RowBits));

    private static long Blocks(long items, long size) => (items + size - 1) / size;

    /// <summary>How many threads, as a power of two, share the elements of one result.</summary>
    public static int LaneBits(int elements, int most) => Math.Min(most, CeilingBits(((elements - 1) / FewestSteps) + 1));

    private static int CeilingBits(int count) => count <= 1 ? 0 : BitOperations.Log2((uint)count - 1) + 1;
}
