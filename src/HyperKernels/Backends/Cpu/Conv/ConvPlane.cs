using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The source of a convolution laid out with its zeros: rows <see cref="Pitch"/> apart, so that with stride 1 what a kernel position
/// sees of all pixels is one run shifted by a constant. The zeros behind a row are those before the next.
/// </summary>
internal readonly unsafe struct ConvPlane
{
    private readonly int _height;
    private readonly int _width;
    private readonly int _above;
    private readonly int _before;
    private readonly int _stride;

    /// <summary>For the convolution itself, or for its adjoint in x: with stride 1 a convolution of y with the kernels turned.</summary>
    public ConvPlane(in ConvSizes s, bool adjoint)
    {
        int reachRows = (s.KernelH - 1) * s.DilationH;
        int reachColumns = (s.KernelW - 1) * s.DilationW;
        _stride = s.StrideH;
        Reach = reachRows;
        _height = adjoint ? s.OutHeight : s.Height;
        _width = adjoint ? s.OutWidth : s.Width;
        OutHeight = adjoint ? s.Height : s.OutHeight;
        OutWidth = adjoint ? s.Width : s.OutWidth;
        _above = adjoint ? reachRows - s.PaddingH : s.PaddingH;
        _before = adjoint ? reachColumns - s.PaddingW : s.PaddingW;
        Pitch = Math.Max(_width + _before, OutWidth);
    }

    /// <summary>Elements from one row to the next, in the source and in the result.</summary>
    public int Pitch { get; }

    private int Reach { get; }

    /// <summary>Pixels of a channel of the source.</summary>
    public int Pixels => _height * _width;

    /// <summary>Rows of the result.</summary>
    public int OutHeight { get; }

    /// <summary>Columns of the result.</summary>
    public int OutWidth { get; }

    /// <summary>Whether the source has to be filled up, not cut: false for an adjoint with more padding than its kernel reaches.</summary>
    public bool Grows => _above >= 0 && _before >= 0;

    /// <summary>Pixels of some rows of the result, those to be dropped between them included.</summary>
    public long Positions(int rows) => ((rows - 1L) * Pitch) + OutWidth;

    /// <summary>Rows of the source that some rows of the result see.</summary>
    public int Seen(int rows) => ((rows - 1) * _stride) + 1 + Reach;

    /// <summary>Floats from one channel to the next: an odd number of cache lines, which spreads channels over the cache's sets.</summary>
    public int Step(int rows) => Spread(Floats(rows));

    /// <summary>Floats of one channel as far as some rows of the result see it.</summary>
    public int Floats(int rows) => (Seen(rows) * Pitch) + _before;

    /// <summary>The next odd multiple of a cache line.</summary>
    public static int Spread(int count) => (((count + 15) / 16) | 1) * 16;

    /// <summary>
    /// Lays out what <paramref name="rows"/> rows of the result see of <paramref name="channels"/> channels. Writes up to a vector
    /// behind the last channel; reads nothing at or behind <paramref name="end"/>.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Fill<TVec>(float* source, float* end, int channels, int firstRow, int rows, float* to, int step)
        where TVec : struct, IVec<TVec>
    {
        (int first, int above, int inside, int below) = Cut(firstRow, rows);
        int gap = Pitch - _width;
        source += (long)first * _width;
        for (int channel = 0; channel < channels; channel++)
        {
            float* target = to + ((long)channel * step);
            target = Zero<TVec>(target, (above * Pitch) + _before);
            float* row = source + ((long)channel * Pixels);
            if (gap == 0)
            {
                target = Copy<TVec>(row, end, target, inside * _width);
            }
            for (int i = 0; i < inside && gap > 0; i++)
            {
                target = Copy<TVec>(row, end, target, _width);
                target = Zero<TVec>(target, gap);
                row += _width;
            }
            Zero<TVec>(target, below * Pitch);
        }
    }

    /// <summary>
    /// The same with the channels, at most a vector of them, side by side: <c>to[position, channel]</c>, a whole vector apart.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void FillTurned<TVec>(float* source, int channels, int firstRow, int rows, float* to)
        where TVec : struct, IVec<TVec>
    {
        (int first, int above, int inside, int below) = Cut(firstRow, rows);
        int gap = Pitch - _width;
        if (channels < TVec.Count)
        {
            new Span<float>(to, Floats(rows) * TVec.Count).Clear();
        }
        to = Zero<TVec>(to, ((above * Pitch) + _before) * TVec.Count);
        source += (long)first * _width;
        int lines = gap == 0 ? Math.Min(inside, 1) : inside;
        int width = gap == 0 ? inside * _width : _width;
        for (int i = 0; i < lines; i++)
        {
            GemmPack.Across(source, Pixels, channels, width, to, TVec.Count);
            to = Zero<TVec>(to + ((long)width * TVec.Count), gap * TVec.Count);
            source += width;
        }
        Zero<TVec>(to, below * Pitch * TVec.Count);
    }

    // The rows that are seen: zeros above, rows of the source from first on, zeros below.
    private (int First, int Above, int Inside, int Below) Cut(int firstRow, int rows)
    {
        int first = (firstRow * _stride) - _above;
        int seen = Seen(rows);
        int above = Math.Min(seen, Math.Max(0, -first));
        int inside = Math.Max(0, Math.Min(_height, first + seen) - Math.Max(first, 0));
        return (Math.Clamp(first, 0, _height), above, inside, seen - above - inside);
    }

    /// <summary>Takes rows of a result out of their run; writes exactly their pixels.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void TakeOut<TVec>(float* run, int rows, float* to)
        where TVec : struct, IVec<TVec>
    {
        bool gapless = OutWidth == Pitch;
        int width = gapless ? rows * Pitch : OutWidth;
        float* end = to + ((long)rows * OutWidth);
        for (int row = gapless ? rows - 1 : 0; row < rows; row++)
        {
            to = CopyOut<TVec>(run, to, width, end);
            run += Pitch;
        }
    }

    /// <summary>
    /// Copies floats and returns the place behind them. Writes up to a vector behind them; reads nothing at or behind <paramref name="end"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* Copy<TVec>(float* from, float* end, float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        int i = 0;
        for (; i < count && from + i + TVec.Count <= end; i += TVec.Count)
        {
            TVec.Load(from + i).Store(to + i);
        }
        if (i < count)
        {
            TVec.LoadPartial(from + i, count - i).Store(to + i);
        }
        return to + count;
    }

    /// <summary>
    /// Copies floats and returns the place behind them. Writes up to a vector behind them, for a later row to overwrite, but nothing at
    /// or behind <paramref name="end"/>; reads up to a vector behind them.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float* CopyOut<TVec>(float* from, float* to, int count, float* end)
        where TVec : struct, IVec<TVec>
    {
        int i = 0;
        for (; i < count && to + i + TVec.Count <= end; i += TVec.Count)
        {
            TVec.Load(from + i).Store(to + i);
        }
        if (i < count)
        {
            TVec.Load(from + i).StorePartial(to + i, count - i);
        }
        return to + count;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float* Zero<TVec>(float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        for (int i = 0; i < count; i += TVec.Count)
        {
            TVec.Zero.Store(to + i);
        }
        return to + count;
    }
}
