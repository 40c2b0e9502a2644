using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    // Sides from which a transposed copy is cut into tiles: below, most of a tile would lie idle.
    private const int TransposeSide = 8;
    private const int TransposeTile = 32;

    public void Copy(in Broadcast sizes, BufferRef source, BufferRef destination)
    {
        Broadcast axes = sizes;
        long count = axes.Count;
        if (count == 0)
        {
            return;
        }
        if (InFours(ref axes, source, destination, out int tail))
        {
            ForEach(ShapeKernels.Copy4, Math.Max(axes.Count, tail), Arguments(axes, axes.Count, tail));
        }
        else if (Transposed(ref axes))
        {
            // The last two axes are the rows and columns of tiles; those before count batches.
            int last = axes.Rank - 1;
            int rows = axes.Sizes[last - 1];
            int columns = axes.Sizes[last];
            long sourceStride = axes.StrideA[last];
            long destinationStride = axes.StrideB[last - 1];
            long groups = count / ((long)rows * columns) * Pieces(rows, TransposeTile) * Pieces(columns, TransposeTile);
            axes.Rank -= 2;
            axes.Finish();
            ForGroups(
                ShapeKernels.CopyTransposed, groups,
                new CopyTransposedArguments
                {
                    Batches = Axes.Of(axes),
                    Rows = rows,
                    Columns = columns,
                    SourceStride = sourceStride,
                    DestinationStride = destinationStride,
                    Source = Ints(source),
                    Destination = Ints(destination),
                });
        }
        else
        {
            ForEach(ShapeKernels.Copy, count, Arguments(axes, count, 0));
        }

        CopyArguments Arguments(in Broadcast over, long items, int single) => new()
        {
            Axes = Axes.Of(over),
            Count = items,
            Tail = single,
            Source = Ints(source),
            Destination = Ints(destination),
        };
    }

    // Counts all in units of four elements, if both ends have those together; a dense copy may leave a tail of single ones.
    private static bool InFours(ref Broadcast axes, BufferRef source, BufferRef destination, out int tail)
    {
        int last = axes.Rank - 1;
        tail = last == 0 ? axes.Sizes[0] % 4 : 0;
        if (!InFours(source) || !InFours(destination) || axes.StrideA[last] != 1 || axes.StrideB[last] != 1 || (axes.Sizes[last] - tail) % 4 != 0)
        {
            return false;
        }
        for (int axis = 0; axis < last; axis++)
        {
            if (axes.StrideA[axis] % 4 != 0 || axes.StrideB[axis] % 4 != 0)
            {
                return false;
            }
        }
        for (int axis = 0; axis < last; axis++)
        {
            axes.StrideA[axis] /= 4;
            axes.StrideB[axis] /= 4;
        }
        axes.Sizes[last] /= 4;
        return true;
    }

    // Brings the axis along which the source lies together before the last, and that of the destination last, if they are two long ones.
    private static bool Transposed(ref Broadcast axes)
    {
        int from = -1;
        int to = -1;
        for (int axis = 0; axis < axes.Rank; axis++)
        {
            if (axes.Sizes[axis] >= TransposeSide)
            {
                from = axes.StrideA[axis] == 1 ? axis : from;
                to = axes.StrideB[axis] == 1 ? axis : to;
            }
        }
        if (from < 0 || to < 0 || from == to || axes.Count > int.MaxValue)
        {
            return false;
        }
        int last = axes.Rank - 1;
        Swap(ref axes, to, last);
        Swap(ref axes, from == last ? to : from, last - 1);
        return true;
    }

    private static void Swap(ref Broadcast axes, int a, int b)
    {
        (axes.Sizes[a], axes.Sizes[b]) = (axes.Sizes[b], axes.Sizes[a]);
        (axes.StrideA[a], axes.StrideA[b]) = (axes.StrideA[b], axes.StrideA[a]);
        (axes.StrideB[a], axes.StrideB[b]) = (axes.StrideB[b], axes.StrideB[a]);
    }
}
