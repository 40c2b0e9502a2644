using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // So many picks along an axis are looked through for every element; more are sorted.
    private const int FewPicks = 64;

    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y)
    {
        long items = (long)count * length;
        if (length % 4 == 0 && rowStride % 4 == 0 && InFours(x) && InFours(y))
        {
            ForEach(GatherKernels.Rows4, items / 4, Arguments(4));
        }
        else
        {
            ForEach(GatherKernels.Rows, items, Arguments(1));
        }

        GatherRowsArguments Arguments(int unit) => new()
        {
            Stride = rowStride / unit,
            Count = count,
            Width = length / unit,
            X = Ints(x),
            Indices = Ints(indices),
            Y = Ints(y),
        };
    }

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y)
    {
        long picks = (long)outer * count * inner;
        long items = (long)outer * axis * inner;
        TakeAlongArguments arguments = new()
        {
            Outer = outer,
            Axis = axis,
            Count = count,
            Inner = inner,
            X = Floats(x),
            Indices = Ints(indices),
            Y = Floats(y),
        };
        if (!adjoint)
        {
            ForEach(GatherKernels.TakeAlong, picks, arguments);
        }
        else if (count <= FewPicks || Math.Max(items, picks) > int.MaxValue)
        {
            ForEach(GatherKernels.TakeAlongGradient, items, arguments);
        }
        else
        {
            lock (_scratchGate)
            {
                BufferRef rows = Scratch(picks + ScatterRoom((int)picks, 1));
                ForEach(
                    GatherKernels.AlongRows, picks,
                    new AlongRowsArguments { Outer = outer, Axis = axis, Count = count, Inner = inner, Indices = Ints(indices), Rows = Ints(rows) });
                ScatterAddRows(y, rows, (int)picks, 1, (int)items, x, rows.Skip(picks));
            }
        }
    }

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y)
    {
        if (count > 0)
        {
            int laneBits = ReduceSizes.LaneBits(length, 8);
            ForGroups(
                GatherKernels.TopK, Pieces(rows, 256 >> laneBits),
                new TopKArguments { Rows = rows, Size = length, Count = count, LaneBits = laneBits, X = Floats(x), Y = Ints(y) });
        }
    }
}
