namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    // So many picks along an axis are looked through for every element; more are sorted.
    private const int FewPicks = 64;

    public void GatherRows(BufferRef x, long rowStride, BufferRef indices, int count, int length, BufferRef y)
    {
        long items = (long)count * length;
        if (length % 4 == 0 && rowStride % 4 == 0 && InFours(x) && InFours(y))
        {
            ForEach("gather/gather_rows4", items / 4, [x, rowStride / 4, indices, count, length / 4, y]);
        }
        else
        {
            ForEach("gather/gather_rows", items, [x, rowStride, indices, count, length, y]);
        }
    }

    public void TakeAlong(bool adjoint, int outer, int axis, int count, int inner, BufferRef x, BufferRef indices, BufferRef y)
    {
        long picks = (long)outer * count * inner;
        long items = (long)outer * axis * inner;
        if (!adjoint)
        {
            ForEach("gather/take_along", picks, [outer, axis, count, inner, x, indices, y]);
        }
        else if (count <= FewPicks || Math.Max(items, picks) > int.MaxValue)
        {
            ForEach("gather/take_along_grad", items, [outer, axis, count, inner, y, indices, x]);
        }
        else
        {
            lock (_scratchGate)
            {
                BufferRef rows = Scratch(picks + ScatterRoom((int)picks, 1));
                ForEach("gather/along_rows", picks, [outer, axis, count, inner, indices, rows]);
                ScatterAddRows(y, rows, (int)picks, 1, (int)items, x, rows.Skip(picks));
            }
        }
    }

    public void TopK(int rows, int length, int count, BufferRef x, BufferRef y)
    {
        if (count > 0)
        {
            int laneBits = ReduceSizes.LaneBits(length, 8);
            ForGroups("gather/top_k", Pieces(rows, 256 >> laneBits), [rows, length, count, laneBits, x, y]);
        }
    }
}
