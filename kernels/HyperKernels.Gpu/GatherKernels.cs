using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Rows and elements by index. 32-bit elements of either type go as integers, or four at once.</summary>
internal static class GatherKernels
{
    /// <summary>y [count, width] = the rows of x named by the indices, stride apart.   Any launch size.</summary>
    [Kernel]
    public static void Rows(GatherRowsArguments p)
    {
        long items = (long)p.Count * p.Width;
        for (long i = Threads.Global; i < items; i += Threads.Count)
        {
            int row = (int)Divide.Quotient(i, p.Width);
            p.Y[i] = p.X[(p.Indices[row] * p.Stride) + (i - ((long)row * p.Width))];
        }
    }

    /// <summary>The same in units of four elements; width and stride are in such units.   Any launch size. All places at multiples of 16 bytes.</summary>
    [Kernel]
    public static void Rows4(GatherRowsArguments p)
    {
        ArrayView<F4> x = p.X.Cast<F4>();
        ArrayView<F4> y = p.Y.Cast<F4>();
        long items = (long)p.Count * p.Width;
        for (long i = Threads.Global; i < items; i += Threads.Count)
        {
            int row = (int)Divide.Quotient(i, p.Width);
            y[i] = x[(p.Indices[row] * p.Stride) + (i - ((long)row * p.Width))];
        }
    }

    /// <summary>y [outer, count, inner] = x [outer, axis, inner] at axis position indices [outer, count, inner].   Any launch size.</summary>
    [Kernel]
    public static void TakeAlong(TakeAlongArguments p)
    {
        long items = (long)p.Outer * p.Count * p.Inner;
        for (long i = Threads.Global; i < items; i += Threads.Count)
        {
            long pick = Divide.Quotient(i, p.Inner);
            long row = Divide.Quotient(pick, p.Count);
            p.Y[i] = p.X[(((row * p.Axis) + p.Indices[i]) * p.Inner) + (i - (pick * p.Inner))];
        }
    }

    /// <summary>
    /// Its adjoint for few picks: x [outer, axis, inner] = sum of y [outer, count, inner] where the index names the place, in order.   Any launch size. Every element
    /// of x looks through count indices.
    /// </summary>
    [Kernel]
    public static void TakeAlongGradient(TakeAlongArguments p)
    {
        long items = (long)p.Outer * p.Axis * p.Inner;
        for (long i = Threads.Global; i < items; i += Threads.Count)
        {
            long rest = Divide.Quotient(i, p.Inner);
            long row = Divide.Quotient(rest, p.Axis);
            int place = (int)(rest - (row * p.Axis));
            long at = (row * p.Count * p.Inner) + (i - (rest * p.Inner));
            float sum = 0f;
            for (int k = 0; k < p.Count; k++)
            {
                sum += p.Indices[at] == place ? p.Y[at] : 0f;
                at += p.Inner;
            }
            p.X[i] = sum;
        }
    }

    /// <summary>
    /// rows [outer, count, inner] = which element of [outer, axis, inner] each index names: the adjoint for many picks adds rows of one element each.   Any launch size.
    /// </summary>
    [Kernel]
    public static void AlongRows(AlongRowsArguments p)
    {
        long items = (long)p.Outer * p.Count * p.Inner;
        for (long i = Threads.Global; i < items; i += Threads.Count)
        {
            long pick = Divide.Quotient(i, p.Inner);
            long row = Divide.Quotient(pick, p.Count);
            p.Rows[i] = (int)((((row * p.Axis) + p.Indices[i]) * p.Inner) + (i - (pick * p.Inner)));
        }
    }

    /// <summary>
    /// y [rows, count] = positions of the largest of each row of x [rows, size], best first: each round finds the best behind the one before. For a small count:
    /// each round reads the row again.   2^laneBits threads to a row; one group per 2^(8 - laneBits) rows.
    /// </summary>
    [Kernel]
    public static void TopK(TopKArguments p)
    {
        ArrayView<float> values = SharedMemory.Allocate1D<float>(256).AsContiguous();
        ArrayView<int> positions = SharedMemory.Allocate1D<int>(256).AsContiguous();
        int lane = Threads.Local & ((1 << p.LaneBits) - 1);
        int first = Threads.Local - lane;
        long row = ((long)Threads.Group * (256 >> p.LaneBits)) + (Threads.Local >> p.LaneBits);
        // A row behind the last has no elements.
        long end = row < p.Rows ? p.Size : 0;
        float last = 0f;
        int lastPosition = -1;
        for (int k = 0; k < p.Count; k++)
        {
            float best = 0f;
            int where = -1;
            for (long i = lane; i < end; i += 1 << p.LaneBits)
            {
                float value = p.X[(row * p.Size) + i];
                bool isBehind = k == 0 || First.Comes(true, last, lastPosition, value, (int)i);
                if (isBehind && First.Comes(true, value, (int)i, best, where))
                {
                    best = value;
                    where = (int)i;
                }
            }
            values[Threads.Local] = best;
            positions[Threads.Local] = where;
            for (int span = (1 << p.LaneBits) >> 1; span > 0; span >>= 1)
            {
                Group.Barrier();
                int other = Threads.Local + span;
                if (lane < span && First.Comes(true, values[other], positions[other], values[Threads.Local], positions[Threads.Local]))
                {
                    values[Threads.Local] = values[other];
                    positions[Threads.Local] = positions[other];
                }
            }
            Group.Barrier();
            last = values[first];
            lastPosition = positions[first];
            if (lane == 0 && row < p.Rows)
            {
                p.Y[(row * p.Count) + k] = lastPosition;
            }
            Group.Barrier();
        }
    }
}

/// <summary>Arguments of <see cref="GatherKernels.Rows"/> and <see cref="GatherKernels.Rows4"/>.</summary>
internal struct GatherRowsArguments
{
    public long Stride;
    public int Count;
    public int Width;
    public ArrayView<int> X;
    public ArrayView<int> Indices;
    public ArrayView<int> Y;
}

/// <summary>Arguments of <see cref="GatherKernels.TakeAlong"/> and <see cref="GatherKernels.TakeAlongGradient"/>.</summary>
internal struct TakeAlongArguments
{
    public int Outer;
    public int Axis;
    public int Count;
    public int Inner;
    public ArrayView<float> X;
    public ArrayView<int> Indices;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="GatherKernels.AlongRows"/>.</summary>
internal struct AlongRowsArguments
{
    public int Outer;
    public int Axis;
    public int Count;
    public int Inner;
    public ArrayView<int> Indices;
    public ArrayView<int> Rows;
}

/// <summary>Arguments of <see cref="GatherKernels.TopK"/>.</summary>
internal struct TopKArguments
{
    public int Rows;
    public int Size;
    public int Count;
    public int LaneBits;
    public ArrayView<float> X;
    public ArrayView<int> Y;
}
