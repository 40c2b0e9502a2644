using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Reductions over the middle axis of [outer, axis, inner], laid over groups as <see cref="ReduceSizes"/> says. Each thread walks its share of a piece of the
/// axis, and the threads' results are joined as a tree: which element meets which follows from sizes alone. Pieces are joined by another launch.
/// </summary>
internal static class ReduceKernels
{
    /// <summary>
    /// y [outer, pieces, inner] = scale * op over each piece of the axis of x [outer, axis, inner]; center [outer, inner] for the ops that have one.
    /// One group per block of columns, piece and block of outer rows.
    /// </summary>
    [Kernel]
    public static void Reduce<TOp>(ReduceArguments p)
        where TOp : struct, IReduction
    {
        ArrayView<float> room = SharedMemory.Allocate1D<float>(256).AsContiguous();
        ReducePlace place = ReducePlace.Of(p.Sizes);
        room[Threads.Local] = Share<TOp>(p, place);
        for (int span = (1 << p.Sizes.RowBits) >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (place.Lane < span)
            {
                room[Threads.Local] = TOp.Join(room[Threads.Local], room[Threads.Local + (span << p.Sizes.ColumnBits)]);
            }
        }
        if (place.Lane == 0 && place.IsPresent)
        {
            p.Y[place.Result(p.Sizes)] = p.Scale * room[Threads.Local];
        }
    }

    /// <summary>
    /// y [outer, pieces, inner] = position of the first largest (or smallest) of each piece of the axis. The axis holds the elements of x
    /// [outer, whole axis, inner] themselves, or, if candidates [outer, axis, inner] are given, those at the positions that they name.
    /// One group per block of columns, piece and block of outer rows.
    /// </summary>
    [Kernel]
    public static void ArgReduce(ArgReduceArguments p)
    {
        ArrayView<float> values = SharedMemory.Allocate1D<float>(256).AsContiguous();
        ArrayView<int> positions = SharedMemory.Allocate1D<int>(256).AsContiguous();
        ReducePlace place = ReducePlace.Of(p.Sizes);
        bool largest = p.Largest != 0;
        float best = 0;
        int where = -1;
        if (place.IsPresent)
        {
            int steps = place.Steps(p.Sizes);
            long from = ((long)place.Row * p.WholeAxis * p.Sizes.Inner) + place.Column;
            for (int i = 0; i < steps; i++)
            {
                int position = (place.Piece * p.Sizes.Piece) + place.Lane + (i << p.Sizes.RowBits);
                if (p.Candidates.Length > 0)
                {
                    position = p.Candidates[((((long)place.Row * p.Sizes.Axis) + position) * p.Sizes.Inner) + place.Column];
                }
                float value = p.X[from + ((long)position * p.Sizes.Inner)];
                if (First.Comes(largest, value, position, best, where))
                {
                    best = value;
                    where = position;
                }
            }
        }
        values[Threads.Local] = best;
        positions[Threads.Local] = where;
        for (int span = (1 << p.Sizes.RowBits) >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (place.Lane < span)
            {
                int other = Threads.Local + (span << p.Sizes.ColumnBits);
                if (First.Comes(largest, values[other], positions[other], values[Threads.Local], positions[Threads.Local]))
                {
                    values[Threads.Local] = values[other];
                    positions[Threads.Local] = positions[other];
                }
            }
        }
        if (place.Lane == 0 && place.IsPresent)
        {
            p.Y[place.Result(p.Sizes)] = positions[Threads.Local];
        }
    }

    // A thread's share of its piece.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Share<TOp>(ReduceArguments p, ReducePlace place)
        where TOp : struct, IReduction
    {
        float sum = TOp.Empty;
        if (place.IsPresent)
        {
            int steps = place.Steps(p.Sizes);
            long stride = (long)p.Sizes.Inner << p.Sizes.RowBits;
            float center = 0;
            if (TOp.HasCenter)
            {
                center = p.Center[((long)place.Row * p.Sizes.Inner) + place.Column];
            }
            long at = ((((long)place.Row * p.Sizes.Axis) + (place.Piece * p.Sizes.Piece) + place.Lane) * p.Sizes.Inner) + place.Column;
            int i = 0;
            for (; i + 4 <= steps; i += 4)
            {
                // Four loads at once, one chain of sums.
                float a = p.X[at];
                float b = p.X[at + stride];
                float c = p.X[at + (2 * stride)];
                float d = p.X[at + (3 * stride)];
                sum = TOp.Step(TOp.Step(TOp.Step(TOp.Step(sum, a, center), b, center), c, center), d, center);
                at += 4 * stride;
            }
            for (; i < steps; i++)
            {
                sum = TOp.Step(sum, p.X[at], center);
                at += stride;
            }
        }
        return sum;
    }
}

/// <summary>A thread's place: its result's row, piece and column, and its number among the threads along the axis.</summary>
internal struct ReducePlace
{
    public int Row;
    public int Piece;
    public int Column;
    public int Lane;
    public bool IsPresent;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ReducePlace Of(ReduceSizes sizes)
    {
        int columns = 1 << sizes.ColumnBits;
        int bits = sizes.ColumnBits + sizes.RowBits;
        int blocks = (int)(((long)sizes.Inner + columns - 1) >> sizes.ColumnBits);
        int rest = Threads.Group / blocks;
        int rowBlock = rest / sizes.Pieces;
        long column = ((long)(Threads.Group - (rest * blocks)) * columns) + (Threads.Local & (columns - 1));
        long row = ((long)rowBlock * (256 >> bits)) + (Threads.Local >> bits);
        ReducePlace place = default;
        place.IsPresent = row < sizes.Outer && column < sizes.Inner;
        place.Row = (int)row;
        place.Column = (int)column;
        place.Piece = rest - (rowBlock * sizes.Pieces);
        place.Lane = (Threads.Local >> sizes.ColumnBits) & ((1 << sizes.RowBits) - 1);
        return place;
    }

    /// <summary>How many elements of its piece a thread walks, every 2^RowBits-th.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly int Steps(ReduceSizes sizes)
    {
        int begin = Piece * sizes.Piece;
        int count = sizes.Axis - begin < sizes.Piece ? sizes.Axis - begin : sizes.Piece;
        int threads = 1 << sizes.RowBits;
        return Lane < count ? (count - Lane + threads - 1) >> sizes.RowBits : 0;
    }

    /// <summary>Where the result goes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly long Result(ReduceSizes sizes) => ((((long)Row * sizes.Pieces) + Piece) * sizes.Inner) + Column;
}

/// <summary>Arguments of <see cref="ReduceKernels.Reduce{TOp}"/>.</summary>
internal struct ReduceArguments
{
    public ReduceSizes Sizes;
    public float Scale;
    public ArrayView<float> X;
    public ArrayView<float> Center;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="ReduceKernels.ArgReduce"/>.</summary>
internal struct ArgReduceArguments
{
    public ReduceSizes Sizes;
    public int Largest;
    public int WholeAxis;
    public ArrayView<float> X;
    public ArrayView<int> Candidates;
    public ArrayView<int> Y;
}
