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
}
