namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Pool(PoolOp op, in PoolSizes sizes, BufferRef x, BufferRef y, BufferRef? places)
    {
        PoolTiles tiles = new(op, sizes, Floats(x), Floats(y), FloatsOrNull(places), TileElements);
        _threads.For(VectorWidth, tiles.Tiles, ref tiles);
    }

    public void Resize(ResizeMode mode, bool adjoint, in PoolSizes sizes, BufferRef x, BufferRef y)
    {
        ResizeTiles tiles = new(mode, adjoint, sizes, Floats(x), Floats(y), TileElements);
        _threads.For(VectorWidth, tiles.Tiles, ref tiles);
    }

    public void GridSample(GridPart part, bool adjoint, in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y)
    {
        if (adjoint)
        {
            GridSpreadTiles spread = new(part, sizes, Floats(image), Floats(grid), Floats(y), TileElements);
            _threads.For(VectorWidth, spread.Tiles, ref spread);
            return;
        }
        GridSampleTiles tiles = new(part, sizes, Floats(image), Floats(grid), Floats(y), null, TileElements);
        _threads.For(VectorWidth, tiles.Tiles, ref tiles);
    }

    public void GridGradient(in GridSizes sizes, BufferRef image, BufferRef grid, BufferRef y, BufferRef gradient)
    {
        GridSampleTiles tiles = new(GridPart.Value, sizes, Floats(image), Floats(grid), Floats(y), Floats(gradient), TileElements);
        _threads.For(VectorWidth, tiles.Tiles, ref tiles);
    }
}
