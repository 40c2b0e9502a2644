using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Drawing planes larger or smaller: some planes a tile, or, forward, a part of one.</summary>
internal readonly unsafe struct ResizeTiles : ITiles
{
    private readonly ResizeMode _mode;
    private readonly bool _adjoint;
    private readonly PoolSizes _sizes;
    private readonly float* _x;
    private readonly float* _y;
    private readonly int _planesPerTile;
    private readonly int _partsPerPlane;

    public ResizeTiles(ResizeMode mode, bool adjoint, in PoolSizes s, float* x, float* y, int tileElements)
    {
        _mode = mode;
        _adjoint = adjoint;
        _sizes = s;
        _x = x;
        _y = y;
        _planesPerTile = Math.Max(1, tileElements / Math.Max(1, Math.Max(s.Pixels, s.OutPixels)));
        // Backward several pixels may add to one of the source, in an order that a cut would change.
        _partsPerPlane = adjoint ? 1 : Math.Max(1, s.OutPixels / tileElements);
        Tiles = checked((int)((s.Planes + _planesPerTile - 1L) / _planesPerTile * _partsPerPlane));
    }

    public int Tiles { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        int firstPlane = tile / _partsPerPlane * _planesPerTile;
        int part = tile % _partsPerPlane;
        int firstPixel = (int)((long)_sizes.OutPixels * part / _partsPerPlane);
        int lastPixel = (int)((long)_sizes.OutPixels * (part + 1) / _partsPerPlane);
        int lastPlane = (int)Math.Min(_sizes.Planes, firstPlane + (long)_planesPerTile);
        if (_adjoint)
        {
            float* start = _x + ((long)firstPlane * _sizes.Pixels);
            for (int plane = firstPlane; plane < lastPlane; plane++, start += _sizes.Pixels)
            {
                new Span<float>(start, _sizes.Pixels).Clear();
            }
        }
        // Source rows and columns outermost: they are worked out once for all planes of the tile.
        for (int pixel = firstPixel; pixel < lastPixel;)
        {
            (int row, int column) = Math.DivRem(pixel, _sizes.OutWidth);
            (int top, int bottom, float down) = Source(row, _sizes.Height, _sizes.OutHeight);
            for (; column < _sizes.OutWidth && pixel < lastPixel; column++, pixel++)
            {
                (int left, int right, float across) = Source(column, _sizes.Width, _sizes.OutWidth);
                float* x = _x + ((long)firstPlane * _sizes.Pixels);
                float* y = _y + ((long)firstPlane * _sizes.OutPixels) + (row * _sizes.OutWidth) + column;
                float* upper = x + (top * _sizes.Width);
                float* lower = x + (bottom * _sizes.Width);
                for (int plane = firstPlane; plane < lastPlane; plane++)
                {
                    if (_adjoint)
                    {
                        upper[left] += *y * (1 - down) * (1 - across);
                        upper[right] += *y * (1 - down) * across;
                        lower[left] += *y * down * (1 - across);
                        lower[right] += *y * down * across;
                    }
                    else if (_mode == ResizeMode.Nearest)
                    {
                        *y = upper[left];
                    }
                    else
                    {
                        float above = (upper[left] * (1 - across)) + (upper[right] * across);
                        float under = (lower[left] * (1 - across)) + (lower[right] * across);
                        *y = (above * (1 - down)) + (under * down);
                    }
                    upper += _sizes.Pixels;
                    lower += _sizes.Pixels;
                    y += _sizes.OutPixels;
                }
            }
        }
    }

    /// <summary>The two source positions of an output position, and the share of the second.</summary>
    private (int First, int Second, float Share) Source(int at, int size, int outSize)
    {
        if (_mode == ResizeMode.Nearest)
        {
            int nearest = (int)((long)at * size / outSize);
            return (nearest, nearest, 0);
        }
        double place = _mode == ResizeMode.Bilinear ? Math.Max(0, ((at + 0.5) * size / outSize) - 0.5)
            : outSize == 1 ? 0 : (double)at * (size - 1) / (outSize - 1);
        int first = Math.Min((int)place, size - 1);
        return (first, Math.Min(first + 1, size - 1), (float)(place - first));
    }
}
