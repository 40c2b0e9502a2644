using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>Pooling, some planes a tile. Windows of 2 x 2 side by side, which nearly every network has, are vectorised.</summary>
internal readonly unsafe struct PoolTiles : ITiles
{
    private readonly PoolOp _op;
    private readonly PoolSizes _sizes;
    private readonly float* _x;
    private readonly float* _y;
    private readonly float* _places;
    private readonly int _planesPerTile;
    private readonly bool _isHalving;

    public PoolTiles(PoolOp op, in PoolSizes s, float* x, float* y, float* places, int tileElements)
    {
        _op = op;
        _sizes = s;
        _x = x;
        _y = y;
        _places = places;
        _planesPerTile = Math.Max(1, tileElements / Math.Max(1, Math.Max(s.Pixels, s.OutPixels)));
        _isHalving = !s.Adaptive && (s.KernelH, s.KernelW, s.StrideH, s.StrideW, s.PaddingH, s.PaddingW) == (2, 2, 2, 2, 0, 0);
        Tiles = (int)((s.Planes + _planesPerTile - 1L) / _planesPerTile);
    }

    public int Tiles { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        int end = (int)Math.Min(_sizes.Planes, (tile + 1L) * _planesPerTile);
        for (int plane = tile * _planesPerTile; plane < end; plane++)
        {
            float* x = _x + ((long)plane * _sizes.Pixels);
            float* y = _y + ((long)plane * _sizes.OutPixels);
            float* places = _places == null ? null : _places + ((long)plane * _sizes.OutPixels);
            if (_op is PoolOp.MaxScatter or PoolOp.AverageSpread)
            {
                new Span<float>(x, _sizes.Pixels).Clear();
            }
            for (int row = 0; row < _sizes.OutHeight; row++)
            {
                int at = row * _sizes.OutWidth;
                if (_isHalving)
                {
                    Halve<TVec>(x + (2L * row * _sizes.Width), y + at, places == null ? null : places + at);
                }
                else
                {
                    Row(x, y + at, places == null ? null : places + at, row);
                }
            }
        }
    }

    /// <summary>Where a window begins and ends along one axis, without its part in the padding, and where it would begin with it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private (int First, int Last, int Origin) Window(int at, int size, int outSize, int kernel, int stride, int padding)
    {
        if (_sizes.Adaptive)
        {
            int first = (int)((long)at * size / outSize);
            return (first, (int)((((at + 1L) * size) + outSize - 1) / outSize), first);
        }
        int origin = (at * stride) - padding;
        return (Math.Max(0, origin), Math.Min(size, origin + kernel), origin);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Row(float* x, float* y, float* places, int row)
    {
        int width = _sizes.Width;
        (int top, int bottom, int originY) = Window(row, _sizes.Height, _sizes.OutHeight, _sizes.KernelH, _sizes.StrideH, _sizes.PaddingH);
        for (int column = 0; column < _sizes.OutWidth; column++)
        {
            (int left, int right, int originX) = Window(column, width, _sizes.OutWidth, _sizes.KernelW, _sizes.StrideW, _sizes.PaddingW);
            int across = _sizes.Adaptive ? right - left : _sizes.KernelW;
            float share = 1f / (_sizes.Adaptive ? (bottom - top) * across : _sizes.KernelH * _sizes.KernelW);
            switch (_op)
            {
                case PoolOp.Max:
                    float best = x[(top * width) + left];
                    int place = ((top - originY) * across) + left - originX;
                    for (int r = top; r < bottom; r++)
                    {
                        for (int c = left; c < right; c++)
                        {
                            float value = x[(r * width) + c];
                            if (value > best || float.IsNaN(value))
                            {
                                best = value;
                                place = ((r - originY) * across) + c - originX;
                            }
                        }
                    }
                    y[column] = best;
                    if (places != null)
                    {
                        places[column] = place;
                    }
                    break;
                case PoolOp.Average:
                    float sum = 0;
                    for (int r = top; r < bottom; r++)
                    {
                        for (int c = left; c < right; c++)
                        {
                            sum += x[(r * width) + c];
                        }
                    }
                    y[column] = sum * share;
                    break;
                case PoolOp.AverageSpread:
                    float part = y[column] * share;
                    for (int r = top; r < bottom; r++)
                    {
                        for (int c = left; c < right; c++)
                        {
                            x[(r * width) + c] += part;
                        }
                    }
                    break;
                default:
                    (int down, int over) = Math.DivRem((int)places[column], across);
                    float* cell = x + ((originY + down) * width) + originX + over;
                    if (_op == PoolOp.MaxScatter)
                    {
                        *cell += y[column];
                    }
                    else
                    {
                        y[column] = *cell;
                    }
                    break;
            }
        }
    }

    /// <summary>One row of 2 x 2 windows side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private void Halve<TVec>(float* x, float* y, float* places)
        where TVec : struct, IVec<TVec>
    {
        float* below = x + _sizes.Width;
        for (int at = 0; at < _sizes.OutWidth; at += TVec.Count)
        {
            int count = Math.Min(TVec.Count, _sizes.OutWidth - at);
            if (_op is PoolOp.MaxScatter or PoolOp.AverageSpread)
            {
                TVec value = TVec.LoadPartial(y + at, count);
                if (_op == PoolOp.AverageSpread)
                {
                    value *= TVec.Create(0.25f);
                    TVec.StorePairs(x + (2 * at), value, value, count);
                    TVec.StorePairs(below + (2 * at), value, value, count);
                    continue;
                }
                TVec place = TVec.LoadPartial(places + at, count);
                TVec.StorePairs(x + (2 * at), At(place, 0, value), At(place, 1, value), count);
                TVec.StorePairs(below + (2 * at), At(place, 2, value), At(place, 3, value), count);
                continue;
            }
            TVec.LoadPairs(x + (2 * at), count, out TVec first, out TVec second);
            TVec.LoadPairs(below + (2 * at), count, out TVec third, out TVec fourth);
            if (_op == PoolOp.Average)
            {
                ((first + second + third + fourth) * TVec.Create(0.25f)).StorePartial(y + at, count);
            }
            else if (_op == PoolOp.Max)
            {
                TVec which = TVec.Zero;
                Raise(second, 1, ref first, ref which);
                Raise(third, 2, ref first, ref which);
                Raise(fourth, 3, ref first, ref which);
                first.StorePartial(y + at, count);
                if (places != null)
                {
                    which.StorePartial(places + at, count);
                }
            }
            else
            {
                TVec place = TVec.LoadPartial(places + at, count);
                (At(place, 0, first) + At(place, 1, second) + At(place, 2, third) + At(place, 3, fourth)).StorePartial(y + at, count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec At<TVec>(TVec place, float wanted, TVec value)
        where TVec : struct, IVec<TVec> => TVec.Select(TVec.Equal(place, TVec.Create(wanted)), value, TVec.Zero);

    /// <summary>Takes the value where it is larger or NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Raise<TVec>(TVec value, float place, ref TVec best, ref TVec which)
        where TVec : struct, IVec<TVec>
    {
        TVec larger = TVec.LessThan(best, value);
        TVec number = TVec.Equal(value, value);
        best = TVec.Select(number, TVec.Select(larger, value, best), value);
        TVec here = TVec.Create(place);
        which = TVec.Select(number, TVec.Select(larger, here, which), here);
    }
}
