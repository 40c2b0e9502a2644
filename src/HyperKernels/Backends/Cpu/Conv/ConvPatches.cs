using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A run of output pixels of one sample, cut where an output row ends and where a panel of <c>panel</c> pixels ends: what a kernel
/// position sees of x along a piece is a run of x (with stride 1) and zeros at its ends.
/// </summary>
internal unsafe struct ConvPatches
{
    /// <summary>The most pixels of a run.</summary>
    public const int MaxPixels = 512;

    private fixed int _to[MaxPixels];
    private fixed int _row[MaxPixels];
    private fixed int _column[MaxPixels];
    private fixed int _count[MaxPixels];
    private int _pieces;

    /// <summary>Cuts <paramref name="pixels"/> (at most <see cref="MaxPixels"/>) from <paramref name="first"/> on.</summary>
    /// <param name="sizes">The convolution.</param>
    /// <param name="first">The first output pixel.</param>
    /// <param name="pixels">How many.</param>
    /// <param name="panel">Pixels of a panel; pieces do not cross panels.</param>
    /// <param name="panelStep">Floats from one panel to the next.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Cut(in ConvSizes sizes, int first, int pixels, int panel, int panelStep)
    {
        _pieces = 0;
        int done = 0;
        while (done < pixels)
        {
            (int row, int column) = Math.DivRem(first + done, sizes.OutWidth);
            int inPanel = done % panel;
            int count = Math.Min(Math.Min(pixels - done, sizes.OutWidth - column), panel - inPanel);
            _to[_pieces] = (done / panel * panelStep) + inPanel;
            _row[_pieces] = (row * sizes.StrideH) - sizes.PaddingH;
            _column[_pieces] = (column * sizes.StrideW) - sizes.PaddingW;
            _count[_pieces] = count;
            _pieces++;
            done += count;
        }
    }

    /// <summary>
    /// Writes what kernel positions [firstDepth, firstDepth + depths) see of one group of channels: position d of a pixel at
    /// <c>to[place of the pixel + d * step]</c>. May write up to a vector behind a piece: the caller leaves that much behind each panel.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Gather<TVec>(in ConvSizes s, float* x, int firstDepth, int depths, float* to, int step)
        where TVec : struct, IVec<TVec>
    {
        Walk at = new(s, firstDepth);
        float* plane = x + ((long)at.Channel * s.Pixels);
        float* end = x + ((long)s.GroupInputs * s.Pixels);
        int height = s.Height;
        int width = s.Width;
        int pieces = _pieces;
        bool plain = s.StrideW == 1;
        for (int d = 0; d < depths; d++)
        {
            // Pieces from left to right, depths upwards: what is written behind a piece is overwritten by the next.
            for (int piece = 0; piece < pieces; piece++)
            {
                int count = _count[piece];
                int y = _row[piece] + at.Row;
                int start = _column[piece] + at.Column;
                float* target = to + _to[piece];
                if (plain && (uint)y < (uint)height && start >= 0 && start + count <= width)
                {
                    float* from = plane + ((long)y * width) + start;
                    if (from + count + TVec.Count <= end)
                    {
                        // Whole vectors: what is read behind the run is written behind it, too.
                        int i = 0;
                        do
                        {
                            TVec.Load(from + i).Store(target + i);
                            i += TVec.Count;
                        }
                        while (i < count);
                    }
                    else
                    {
                        Copy<TVec>(from, target, count);
                    }
                }
                else if ((uint)y >= (uint)height)
                {
                    Zero<TVec>(target, count);
                }
                else if (plain)
                {
                    Run<TVec>(plane + ((long)y * width), start, width, target, count);
                }
                else
                {
                    Strided(plane + ((long)y * width), start, s.StrideW, width, target, count);
                }
            }
            to += step;
            plane += at.Next(s) ? s.Pixels : 0;
        }
    }

    /// <summary>
    /// The reverse: adds what stands at <c>from[place of the pixel + d * step]</c> to where position d saw it. May read up to a vector
    /// behind a piece.
    /// </summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Scatter<TVec>(in ConvSizes s, float* x, int firstDepth, int depths, float* from, int step)
        where TVec : struct, IVec<TVec>
    {
        Walk at = new(s, firstDepth);
        float* plane = x + ((long)at.Channel * s.Pixels);
        for (int d = 0; d < depths; d++)
        {
            for (int piece = 0; piece < _pieces; piece++)
            {
                int y = _row[piece] + at.Row;
                int start = _column[piece] + at.Column;
                if ((uint)y >= (uint)s.Height)
                {
                    continue;
                }
                int count = _count[piece];
                float* source = from + _to[piece];
                float* row = plane + ((long)y * s.Width);
                if (s.StrideW == 1)
                {
                    int skip = Math.Max(0, -start);
                    Add<TVec>(source + skip, row + start + skip, Math.Min(count, s.Width - start) - skip);
                }
                else
                {
                    AddStrided(source, row, start, s.StrideW, s.Width, count);
                }
            }
            from += step;
            plane += at.Next(s) ? s.Pixels : 0;
        }
    }

    /// <summary>Copies floats; writes up to a vector behind them, reads none behind them.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Copy<TVec>(float* from, float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count)
        {
            TVec.Load(from + i).Store(to + i);
        }
        if (i < count)
        {
            TVec.LoadPartial(from + i, count - i).Store(to + i);
        }
    }

    /// <summary>Writes zeros, up to a vector behind the last.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Zero<TVec>(float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        for (int i = 0; i < count; i += TVec.Count)
        {
            TVec.Zero.Store(to + i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Run<TVec>(float* row, int start, int width, float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        if (start >= 0 && start + count <= width)
        {
            Copy<TVec>(row + start, to, count);
            return;
        }
        int before = Math.Min(count, Math.Max(0, -start));
        int inside = Math.Max(0, Math.Min(count, width - start) - before);
        Zero<TVec>(to, before);
        Copy<TVec>(row + start + before, to + before, inside);
        Zero<TVec>(to + before + inside, count - before - inside);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Strided(float* row, int start, int stride, int width, float* to, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int at = start + (i * stride);
            to[i] = (uint)at < (uint)width ? row[at] : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TVec>(float* from, float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count)
        {
            (TVec.Load(to + i) + TVec.Load(from + i)).Store(to + i);
        }
        if (i < count)
        {
            (TVec.LoadPartial(to + i, count - i) + TVec.Load(from + i)).StorePartial(to + i, count - i);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddStrided(float* from, float* row, int start, int stride, int width, int count)
    {
        for (int i = 0; i < count; i++)
        {
            int at = start + (i * stride);
            if ((uint)at < (uint)width)
            {
                row[at] += from[i];
            }
        }
    }

    /// <summary>A kernel position, counted upwards without divisions; row and column are already dilated.</summary>
    private struct Walk
    {
        public readonly int Channel;
        public int Row;
        public int Column;

        public Walk(in ConvSizes s, int depth)
        {
            (Channel, int rest) = Math.DivRem(depth, s.KernelH * s.KernelW);
            (int r, int c) = Math.DivRem(rest, s.KernelW);
            Row = r * s.DilationH;
            Column = c * s.DilationW;
        }

        /// <summary>True when the next position is on the next channel.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public bool Next(in ConvSizes s)
        {
            Column += s.DilationW;
            if (Column < s.KernelW * s.DilationW)
            {
                return false;
            }
            Column = 0;
            Row += s.DilationH;
            if (Row < s.KernelH * s.DilationH)
            {
                return false;
            }
            Row = 0;
            return true;
        }
    }
}
