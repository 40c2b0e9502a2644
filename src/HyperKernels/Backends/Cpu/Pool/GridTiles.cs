using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Images sampled at places of a grid, or the gradient by the places: some places a tile, all channels of them.</summary>
internal readonly unsafe struct GridSampleTiles : ITiles
{
    private readonly GridPart _part;
    private readonly GridSizes _sizes;
    private readonly float* _image;
    private readonly float* _grid;
    private readonly float* _y;
    private readonly float* _gradient;
    private readonly int _blocksPerImage;
    private readonly int _blocksPerTile;

    /// <param name="part">Which derivative.</param>
    /// <param name="sizes">Of images and places.</param>
    /// <param name="image">Read.</param>
    /// <param name="grid">Read.</param>
    /// <param name="y">Written; read where there is a gradient.</param>
    /// <param name="gradient">Written; null where y is wanted.</param>
    /// <param name="tileElements">So many a tile.</param>
    public GridSampleTiles(GridPart part, in GridSizes sizes, float* image, float* grid, float* y, float* gradient, int tileElements)
    {
        _part = part;
        _sizes = sizes;
        _image = image;
        _grid = grid;
        _y = y;
        _gradient = gradient;
        _blocksPerImage = (sizes.Samples + GridCorners.Most - 1) / GridCorners.Most;
        _blocksPerTile = Math.Max(1, tileElements / (GridCorners.Most * Math.Max(1, sizes.Channels)));
        Tiles = checked((int)((((long)sizes.Images * _blocksPerImage) + _blocksPerTile - 1) / _blocksPerTile));
    }

    public int Tiles { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        GridCorners corners;
        long end = Math.Min((long)_sizes.Images * _blocksPerImage, (tile + 1L) * _blocksPerTile);
        for (long block = (long)tile * _blocksPerTile; block < end; block++)
        {
            long image = block / _blocksPerImage;
            int first = (int)(block - (image * _blocksPerImage)) * GridCorners.Most;
            int count = Math.Min(GridCorners.Most, _sizes.Samples - first);
            long place = (image * _sizes.Samples) + first;
            corners.Fill(_sizes, _part, _grid + (2 * place), count);
            float* x = _image + (image * _sizes.Channels * _sizes.Pixels);
            float* y = _y + (image * _sizes.Channels * _sizes.Samples) + first;
            if (_gradient != null)
            {
                new Span<float>(_gradient + (2 * place), 2 * count).Clear();
            }
            for (int channel = 0; channel < _sizes.Channels; channel++)
            {
                if (_gradient != null)
                {
                    AddGradient(&corners, x, y, _gradient + (2 * place), count);
                }
                else
                {
                    Sample(&corners, x, y, count);
                }
                x += _sizes.Pixels;
                y += _sizes.Samples;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sample(GridCorners* c, float* x, float* y, int count)
    {
        for (int s = 0; s < count; s++)
        {
            if (c->Upper[s] < 0)
            {
                y[s] = 0;
                continue;
            }
            float* upper = x + c->Upper[s];
            float* lower = x + c->Lower[s];
            int left = c->Left[s];
            int right = c->Right[s];
            float above = (upper[left] * c->LeftWeight[s]) + (upper[right] * c->RightWeight[s]);
            float under = (lower[left] * c->LeftWeight[s]) + (lower[right] * c->RightWeight[s]);
            y[s] = (above * c->UpperWeight[s]) + (under * c->LowerWeight[s]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddGradient(GridCorners* c, float* x, float* y, float* gradient, int count)
    {
        for (int s = 0; s < count; s++)
        {
            if (c->Upper[s] < 0)
            {
                continue;
            }
            float* upper = x + c->Upper[s];
            float* lower = x + c->Lower[s];
            int left = c->Left[s];
            int right = c->Right[s];
            float above = (upper[left] * c->LeftSlope[s]) + (upper[right] * c->RightSlope[s]);
            float under = (lower[left] * c->LeftSlope[s]) + (lower[right] * c->RightSlope[s]);
            gradient[2 * s] += y[s] * ((above * c->UpperWeight[s]) + (under * c->LowerWeight[s]));
            above = (upper[left] * c->LeftWeight[s]) + (upper[right] * c->RightWeight[s]);
            under = (lower[left] * c->LeftWeight[s]) + (lower[right] * c->RightWeight[s]);
            gradient[(2 * s) + 1] += y[s] * ((above * c->UpperSlope[s]) + (under * c->LowerSlope[s]));
        }
    }
}

/// <summary>The adjoint of sampling: every value goes to the corners of its place. Some planes a tile, so that no two tiles add to one pixel.</summary>
internal readonly unsafe struct GridSpreadTiles : ITiles
{
    // Corners are worked out anew for every so many channels.
    private const int ChannelsTogether = 8;

    private readonly GridPart _part;
    private readonly GridSizes _sizes;
    private readonly float* _image;
    private readonly float* _grid;
    private readonly float* _y;
    private readonly int _unitsPerImage;
    private readonly int _unitsPerTile;

    public GridSpreadTiles(GridPart part, in GridSizes sizes, float* image, float* grid, float* y, int tileElements)
    {
        _part = part;
        _sizes = sizes;
        _image = image;
        _grid = grid;
        _y = y;
        _unitsPerImage = (sizes.Channels + ChannelsTogether - 1) / ChannelsTogether;
        int channels = Math.Clamp(sizes.Channels, 1, ChannelsTogether);
        _unitsPerTile = Math.Max(1, tileElements / (int)Math.Min(int.MaxValue, Math.Max(1, (long)channels * Math.Max(sizes.Samples, sizes.Pixels))));
        Tiles = checked((int)((((long)sizes.Images * _unitsPerImage) + _unitsPerTile - 1) / _unitsPerTile));
    }

    public int Tiles { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        GridCorners corners;
        long end = Math.Min((long)_sizes.Images * _unitsPerImage, (tile + 1L) * _unitsPerTile);
        for (long unit = (long)tile * _unitsPerTile; unit < end; unit++)
        {
            long image = unit / _unitsPerImage;
            int firstChannel = (int)(unit - (image * _unitsPerImage)) * ChannelsTogether;
            int channels = Math.Min(ChannelsTogether, _sizes.Channels - firstChannel);
            long plane = (image * _sizes.Channels) + firstChannel;
            float* x = _image + (plane * _sizes.Pixels);
            for (int channel = 0; channel < channels; channel++)
            {
                new Span<float>(x + ((long)channel * _sizes.Pixels), _sizes.Pixels).Clear();
            }
            for (int first = 0; first < _sizes.Samples; first += GridCorners.Most)
            {
                int count = Math.Min(GridCorners.Most, _sizes.Samples - first);
                corners.Fill(_sizes, _part, _grid + (2 * ((image * _sizes.Samples) + first)), count);
                for (int channel = 0; channel < channels; channel++)
                {
                    Spread(&corners, x + ((long)channel * _sizes.Pixels), _y + ((plane + channel) * _sizes.Samples) + first, count);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Spread(GridCorners* c, float* x, float* y, int count)
    {
        for (int s = 0; s < count; s++)
        {
            if (c->Upper[s] < 0)
            {
                continue;
            }
            float* upper = x + c->Upper[s];
            float* lower = x + c->Lower[s];
            float above = y[s] * c->UpperWeight[s];
            float under = y[s] * c->LowerWeight[s];
            upper[c->Left[s]] += above * c->LeftWeight[s];
            upper[c->Right[s]] += above * c->RightWeight[s];
            lower[c->Left[s]] += under * c->LeftWeight[s];
            lower[c->Right[s]] += under * c->RightWeight[s];
        }
    }
}
