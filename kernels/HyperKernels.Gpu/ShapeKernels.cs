using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Moving elements: copies between strides. 32-bit elements of either type go as integers, or four at once.</summary>
internal static class ShapeKernels
{
    private const int TileSide = 32;

    // One more than the side, against bank conflicts.
    private const int TilePitch = TileSide + 1;

    // 256 threads are so many lines of a tile.
    private const int TileLines = 8;

    /// <summary>destination[stride B] = source[stride A] over the axes, count elements in all.   Any launch size. Any strides.</summary>
    [Kernel]
    public static void Copy(CopyArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            Places at = p.Axes.At(i);
            p.Destination[at.B] = p.Source[at.A];
        }
    }

    /// <summary>
    /// The same in units of four elements that lie together at both ends; all strides and the count are in such units. Then tail single elements behind a dense
    /// copy.   Any launch size. Both places at multiples of 16 bytes.
    /// </summary>
    [Kernel]
    public static void Copy4(CopyArguments p)
    {
        ArrayView<F4> source = p.Source.Cast<F4>();
        ArrayView<F4> destination = p.Destination.Cast<F4>();
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            Places at = p.Axes.At(i);
            destination[at.B] = source[at.A];
        }
        if (Threads.Global < p.Tail)
        {
            long i = (4 * p.Count) + Threads.Global;
            p.Destination[i] = p.Source[i];
        }
    }

    /// <summary>
    /// destination[row, column] = source[column, row] for each batch of the axes: through tiles of group memory, so that both ends are read and written in whole
    /// lines; the outer of each end's two axes has the stride given.   One group per tile of 32 x 32 and batch.
    /// </summary>
    [Kernel]
    public static void CopyTransposed(CopyTransposedArguments p)
    {
        ArrayView<int> tile = SharedMemory.Allocate1D<int>(TileSide * TilePitch).AsContiguous();
        int rowTiles = (p.Rows + TileSide - 1) / TileSide;
        int columnTiles = (p.Columns + TileSide - 1) / TileSide;
        int rest = Threads.Group / columnTiles;
        int firstColumn = (Threads.Group - (rest * columnTiles)) * TileSide;
        int batch = rest / rowTiles;
        int firstRow = (rest - (batch * rowTiles)) * TileSide;
        Places at = p.Batches.At(batch);
        int lane = Threads.Local & (TileSide - 1);
        int line = Threads.Local >> 5;
        if (firstRow + lane < p.Rows)
        {
            long from = at.A + firstRow + lane;
            for (int k = line; k < TileSide && firstColumn + k < p.Columns; k += TileLines)
            {
                tile[(k * TilePitch) + lane] = p.Source[from + ((firstColumn + k) * p.SourceStride)];
            }
        }
        Group.Barrier();
        if (firstColumn + lane < p.Columns)
        {
            long to = at.B + firstColumn + lane;
            for (int k = line; k < TileSide && firstRow + k < p.Rows; k += TileLines)
            {
                p.Destination[to + ((firstRow + k) * p.DestinationStride)] = tile[(lane * TilePitch) + k];
            }
        }
    }
}

/// <summary>Arguments of <see cref="ShapeKernels.Copy"/> and <see cref="ShapeKernels.Copy4"/>.</summary>
internal struct CopyArguments
{
    public Axes Axes;
    public long Count;
    public int Tail;
    public ArrayView<int> Source;
    public ArrayView<int> Destination;
}

/// <summary>Arguments of <see cref="ShapeKernels.CopyTransposed"/>.</summary>
internal struct CopyTransposedArguments
{
    public Axes Batches;
    public int Rows;
    public int Columns;
    public long SourceStride;
    public long DestinationStride;
    public ArrayView<int> Source;
    public ArrayView<int> Destination;
}
