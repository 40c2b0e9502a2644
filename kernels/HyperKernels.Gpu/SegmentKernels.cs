using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>Sums over the slots of segments: rows gathered through an incidence, and their gradients. Over one float of a row at a time, or four.</summary>
internal static class SegmentKernels
{
    /// <summary>
    /// y[s] = out scale[s] * sum over the slots i of s of weights[position(i), head] * in scale[row(i)] * x[row(i)].   x rows stride apart, y dense rows of
    /// units, a head to each equal part of them. Long segments take two more launches: their pieces into rows of their own, and those rows, now x, joined.
    /// One group per 256 threads of the layout. Four floats a unit: all rows at multiples of 16 bytes.
    /// </summary>
    [Kernel]
    public static void Sum<T>(SegmentSumArguments p)
        where T : unmanaged, IVec<T>
    {
        ArrayView<T> room = SharedMemory.Allocate1D<T>(256).AsContiguous();
        SegmentPlace place = SegmentPlace.Of(p.Sizes, p.Offsets, p.Pieces);
        int lanes = p.Sizes.Lanes;
        int head = p.ByHeadUnits.Quotient(place.Unit);
        long column = (long)place.Unit * T.Count;
        T sum = default;
        int slot = place.Begin + place.Lane;
        // Four rows on their way at once.
        for (; slot < place.End - (3 * lanes); slot += 4 * lanes)
        {
            I4 slots = I4.Range(slot, lanes);
            I4 rows = I4.Listed(p.Rows, slots);
            T a = T.Get(p.X, (rows.X * p.Stride) + column);
            T b = T.Get(p.X, (rows.Y * p.Stride) + column);
            T c = T.Get(p.X, (rows.Z * p.Stride) + column);
            T d = T.Get(p.X, (rows.W * p.Stride) + column);
            F4 factors = Factors(p, slots, rows, head);
            sum = T.Mad(factors.X, a, sum);
            sum = T.Mad(factors.Y, b, sum);
            sum = T.Mad(factors.Z, c, sum);
            sum = T.Mad(factors.W, d, sum);
        }
        for (; slot < place.End; slot += lanes)
        {
            int row = I4.Listed(p.Rows, slot);
            T a = T.Get(p.X, (row * p.Stride) + column);
            sum = T.Mad(Factor(p, slot, row, head), a, sum);
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

    // The factors of four slots.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Factors(SegmentSumArguments p, I4 slots, I4 rows, int head)
    {
        F4 factors = F4.All(1);
        if (p.Weights.Length > 0)
        {
            I4 members = I4.Listed(p.Positions, slots);
            factors = new F4(Weight(p, members.X, head), Weight(p, members.Y, head), Weight(p, members.Z, head), Weight(p, members.W, head));
        }
        if (p.InScale.Length > 0)
        {
            F4 scales = new(p.InScale[rows.X], p.InScale[rows.Y], p.InScale[rows.Z], p.InScale[rows.W]);
            factors = new F4(factors.X * scales.X, factors.Y * scales.Y, factors.Z * scales.Z, factors.W * scales.W);
        }
        return factors;
    }

    // The factor of one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Factor(SegmentSumArguments p, int slot, int row, int head)
    {
        float factor = 1;
        if (p.Weights.Length > 0)
        {
            factor = Weight(p, I4.Listed(p.Positions, slot), head);
        }
        if (p.InScale.Length > 0)
        {
            factor *= p.InScale[row];
        }
        return factor;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weight(SegmentSumArguments p, int member, int head) => p.Weights[((long)member * p.Heads) + head];
}

/// <summary>Arguments of <see cref="SegmentKernels.Sum{T}"/>.</summary>
internal struct SegmentSumArguments
{
    public SegmentSizes Sizes;
    public int Heads;
    public Divisor ByHeadUnits;
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
