using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Sums over the slots of segments: rows gathered through an incidence, and their gradients. Over one float of a row at a time, or four.</summary>
internal static class SegmentKernels
{
    /// <summary>
    /// y[s] = out scale[s] * sum over the slots i of s of weights[position(i), head] * in scale[row(i)] * x[row(i)].   x rows stride apart, y dense rows of
    /// units, a head to each head units of them. Long segments take two more launches: their pieces into rows of their own, and those rows, now x, joined.
    /// One group per 256 threads of the layout. Four floats a unit: all rows at multiples of 16 bytes.
    /// </summary>
    [Kernel]
    public static void Sum<T>(SegmentSumArguments p)
        where T : unmanaged, IVec<T>
    {
        ArrayView<T> room = SharedMemory.Allocate1D<T>(256).AsContiguous();
        SegmentPlace place = SegmentPlace.Of(p.Sizes, p.Offsets, p.Pieces);
        int lanes = p.Sizes.Lanes;
        int head = place.Unit / p.HeadUnits;
        long column = (long)place.Unit * T.Count;
        T sum = default;
        int slot = place.Begin + place.Lane;
        // Four rows on their way at once.
        for (; slot < place.End - (3 * lanes); slot += 4 * lanes)
        {
            long rowA = Row(p, slot);
            long rowB = Row(p, slot + lanes);
            long rowC = Row(p, slot + (2 * lanes));
            long rowD = Row(p, slot + (3 * lanes));
            T a = T.Get(p.X, (rowA * p.Stride) + column);
            T b = T.Get(p.X, (rowB * p.Stride) + column);
            T c = T.Get(p.X, (rowC * p.Stride) + column);
            T d = T.Get(p.X, (rowD * p.Stride) + column);
            sum = T.Mad(Factor(p, slot, rowA, head), a, sum);
            sum = T.Mad(Factor(p, slot + lanes, rowB, head), b, sum);
            sum = T.Mad(Factor(p, slot + (2 * lanes), rowC, head), c, sum);
            sum = T.Mad(Factor(p, slot + (3 * lanes), rowD, head), d, sum);
        }
        for (; slot < place.End; slot += lanes)
        {
            long row = Row(p, slot);
            sum = T.Mad(Factor(p, slot, row, head), T.Get(p.X, (row * p.Stride) + column), sum);
        }
        room[Threads.Local] = sum;
        for (int span = lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (SegmentPlace.Joins(place, span))
            {
                room[Threads.Local] = T.Add(room[Threads.Local], room[Threads.Local + (span * p.Sizes.Units)]);
            }
        }
        if (place.IsPresent && place.Lane == 0)
        {
            float scale = p.OutScale.Length > 0 ? p.OutScale[place.Segment] : 1;
            T.Set(p.Y, ((long)place.Segment * p.Sizes.Units * T.Count) + column, T.Scale(scale, room[Threads.Local]));
        }
    }

    /// <summary>
    /// y[i, h] = scale a[a] * scale b[b] * sum over the features k of head h of x[a, k] * z[b, k], a = rows a[i], b = rows b[i]; none: i itself.
    /// 2^laneBits threads to a number; one group per 2^(8 - laneBits) numbers. Four floats a unit: all rows at multiples of 16 bytes; width counts units.
    /// </summary>
    [Kernel]
    public static void Dot<T>(SegmentDotArguments p)
        where T : unmanaged, IVec<T>
    {
        ArrayView<float> room = SharedMemory.Allocate1D<float>(256).AsContiguous();
        int lanes = 1 << p.LaneBits;
        int lane = Threads.Local & (lanes - 1);
        long item = ((long)Threads.Group * (256 >> p.LaneBits)) + (Threads.Local >> p.LaneBits);
        long i = Divide.Quotient(item, p.Heads);
        float scale = 1;
        float sum = 0;
        if (i < p.Count)
        {
            long a = p.RowsA.Length > 0 ? p.RowsA[i] : i;
            long b = p.RowsB.Length > 0 ? p.RowsB[i] : i;
            scale = p.ScaleA.Length > 0 ? p.ScaleA[a] : 1;
            scale = p.ScaleB.Length > 0 ? scale * p.ScaleB[b] : scale;
            long column = (item - (i * p.Heads)) * p.Width;
            long x = (a * p.StrideX) + (column * T.Count);
            long z = (b * p.StrideZ) + (column * T.Count);
            T products = default;
            for (int k = lane; k < p.Width; k += lanes)
            {
                products = T.Mad(T.Get(p.X, x + ((long)k * T.Count)), T.Get(p.Z, z + ((long)k * T.Count)), products);
            }
            sum = T.Total(products);
        }
        room[Threads.Local] = sum;
        for (int span = lanes >> 1; span > 0; span >>= 1)
        {
            Group.Barrier();
            if (lane < span)
            {
                room[Threads.Local] += room[Threads.Local + span];
            }
        }
        if (lane == 0 && i < p.Count)
        {
            p.Y[item] = scale * room[Threads.Local];
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Row(SegmentSumArguments p, int slot)
    {
        long row = slot;
        if (p.Rows.Length > 0)
        {
            row = p.Rows[slot];
        }
        return row;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor(SegmentSumArguments p, int slot, long row, int head)
    {
        float factor = 1;
        if (p.Weights.Length > 0)
        {
            long member = slot;
            if (p.Positions.Length > 0)
            {
                member = p.Positions[slot];
            }
            factor = p.Weights[(member * p.Heads) + head];
        }
        if (p.InScale.Length > 0)
        {
            factor *= p.InScale[row];
        }
        return factor;
    }
}

/// <summary>Arguments of <see cref="SegmentKernels.Sum{T}"/>.</summary>
internal struct SegmentSumArguments
{
    public SegmentSizes Sizes;
    public int Heads;
    public int HeadUnits;
    public long Stride;
    public ArrayView<int> Offsets;
    public ArrayView<int> Pieces;
    public ArrayView<int> Rows;
    public ArrayView<int> Positions;
    public ArrayView<float> X;
    public ArrayView<float> Weights;
    public ArrayView<float> InScale;
    public ArrayView<float> OutScale;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="SegmentKernels.Dot{T}"/>.</summary>
internal struct SegmentDotArguments
{
    public int Count;
    public int Heads;
    public int Width;
    public int LaneBits;
    public ArrayView<int> RowsA;
    public ArrayView<int> RowsB;
    public ArrayView<float> X;
    public long StrideX;
    public ArrayView<float> Z;
    public long StrideZ;
    public ArrayView<float> ScaleA;
    public ArrayView<float> ScaleB;
    public ArrayView<float> Y;
}
