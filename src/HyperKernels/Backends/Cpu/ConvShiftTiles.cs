using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// x = adjoint of a convolution of stride 1, from y and w. The rows of y are filled with zeros to the width of the padded x, so that
/// what a kernel position sends back is a whole plane shifted by a constant, and the planes of a channel's positions are added up
/// in registers. A tile is some input channels of one group of one sample.
/// </summary>
internal unsafe struct ConvShiftTiles : ITiles
{
    // The planes of one channel's kernel positions stay in the second-level cache.
    private const int MostFloats = 64 << 10;
    private const int MostArea = 128;
    private const int FewTiles = 16;

    [ThreadStatic]
    private static WorkBuffer? s_panels;

    [ThreadStatic]
    private static WorkBuffer? s_planes;

    private readonly ConvSizes _sizes;
    private readonly float* _x;
    private readonly float* _w;
    private readonly float* _y;
    private readonly int _channelBlocks;
    private readonly int _width;
    private readonly int _height;

    public ConvShiftTiles(in ConvSizes sizes, float* x, float* w, float* y)
    {
        _sizes = sizes;
        _x = x;
        _w = w;
        _y = y;
        _width = sizes.OutWidth + ((sizes.KernelWidth - 1) * sizes.DilationW);
        _height = sizes.OutHeight + ((sizes.KernelHeight - 1) * sizes.DilationH);
        long tiles = (long)sizes.Batch * sizes.Groups;
        _channelBlocks = tiles is 0 or >= FewTiles ? 1 : (int)Math.Clamp(FewTiles / tiles, 1, Math.Max(1, sizes.GroupInputs));
        Tiles = checked((int)(tiles * _channelBlocks));
    }

    public int Tiles { get; }

    /// <summary>Whether these sizes are fit for this form.</summary>
    public static bool Fits(in ConvSizes s)
    {
        long width = s.OutWidth + ((s.KernelWidth - 1L) * s.DilationW);
        long height = s.OutHeight + ((s.KernelHeight - 1L) * s.DilationH);
        int area = s.KernelHeight * s.KernelWidth;
        return s.StrideH == 1 && s.StrideW == 1 && s.GroupOutputs > 0 && area <= MostArea && area * width * height <= MostFloats;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        (tile, int block) = Math.DivRem(tile, _channelBlocks);
        (int sample, int group) = Math.DivRem(tile, _sizes.Groups);
        int set = sample / _sizes.SamplesPerSet;
        int inputs = _sizes.GroupInputs;
        int outputs = _sizes.GroupOutputs;
        int depth = _sizes.Depth;
        int area = _sizes.KernelHeight * _sizes.KernelWidth;
        int panel = 2 * TVec.Count;
        int panels = ((_sizes.OutHeight * _width) + panel - 1) / panel;
        float* y = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels);
        float* rows = (s_panels ??= new WorkBuffer()).Rent((long)(outputs + 1) * panels * panel);
        FillRows<TVec>(y, rows, rows + ((long)outputs * panels * panel), panels);

        // Each plane has zeros before it, which are also those behind the one before.
        int reach = ((_sizes.KernelHeight - 1) * _sizes.DilationH * _width) + ((_sizes.KernelWidth - 1) * _sizes.DilationW);
        int margin = (reach + (5 * TVec.Count) - 1) / TVec.Count * TVec.Count;
        int pitch = (panels * panel) + margin;
        int length = _height * _width;
        float* planes = (s_planes ??= new WorkBuffer()).Rent(((long)area * pitch) + margin + length + (4 * TVec.Count));
        float* sum = planes + ((long)area * pitch) + margin;
        int* places = stackalloc int[MostArea];
        for (int k = 0; k < area; k++)
        {
            (int r, int c) = Math.DivRem(k, _sizes.KernelWidth);
            new Span<float>(planes + ((long)k * pitch), margin).Clear();
            places[k] = (k * pitch) + margin - (r * _sizes.DilationH * _width) - (c * _sizes.DilationW);
        }
        new Span<float>(planes + ((long)area * pitch), margin).Clear();

        int blocks = (area + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();
        GemmMicro.Operands t = new() { RowStep = 1, DepthStep = depth, BStep = panel, YStep = pitch, Depth = outputs };
        int lastChannel = (int)((long)inputs * (block + 1) / _channelBlocks);
        for (int channel = (int)((long)inputs * block / _channelBlocks); channel < lastChannel; channel++)
        {
            float* w = _w + (set * _sizes.SetW) + ((long)group * outputs * depth) + (channel * area);
            for (int i = 0; i < blocks; i++)
            {
                int first = area * i / blocks;
                int count = (area * (i + 1) / blocks) - first;
                t.A = w + first;
                for (int at = 0; at < panels; at++)
                {
                    t.B = rows + ((long)at * outputs * panel);
                    t.Y = planes + ((long)first * pitch) + margin + (at * panel);
                    GemmMicro.Multiply<TVec>(count, false, t);
                }
            }
            AddPlanes<TVec>(planes, places, area, sum, length);
            CopyInside(sum, _x + (sample * _sizes.SampleX) + (((long)group * inputs) + channel) * _sizes.Pixels);
        }
    }

    /// <summary>y as panels, its rows filled up with zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void FillRows<TVec>(float* y, float* rows, float* line, int panels)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        int outputs = _sizes.GroupOutputs;
        new Span<float>(line, panels * panel).Clear();
        for (int output = 0; output < outputs; output++)
        {
            for (int row = 0; row < _sizes.OutHeight; row++)
            {
                new ReadOnlySpan<float>(y, _sizes.OutWidth).CopyTo(new Span<float>(line + (row * _width), _sizes.OutWidth));
                y += _sizes.OutWidth;
            }
            for (int at = 0; at < panels; at++)
            {
                float* to = rows + ((((long)at * outputs) + output) * panel);
                TVec.Load(line + (at * panel)).Store(to);
                TVec.Load(line + (at * panel) + TVec.Count).Store(to + TVec.Count);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddPlanes<TVec>(float* planes, int* places, int area, float* sum, int length)
        where TVec : struct, IVec<TVec>
    {
        // Four registers at once hide the latency of the additions; up to three are computed behind the end, into room left for them.
        for (int at = 0; at < length; at += 4 * TVec.Count)
        {
            float* source = planes + at;
            TVec a = TVec.Zero, b = TVec.Zero, c = TVec.Zero, d = TVec.Zero;
            for (int k = 0; k < area; k++)
            {
                float* from = source + places[k];
                a += TVec.Load(from);
                b += TVec.Load(from + TVec.Count);
                c += TVec.Load(from + (2 * TVec.Count));
                d += TVec.Load(from + (3 * TVec.Count));
            }
            a.Store(sum + at);
            b.Store(sum + at + TVec.Count);
            c.Store(sum + at + (2 * TVec.Count));
            d.Store(sum + at + (3 * TVec.Count));
        }
    }

    /// <summary>The plane without its padding.</summary>
    private readonly void CopyInside(float* sum, float* x)
    {
        int width = _sizes.Width;
        sum += (_sizes.PaddingH * _width) + _sizes.PaddingW;
        for (int row = 0; row < _sizes.Height; row++)
        {
            new ReadOnlySpan<float>(sum, width).CopyTo(new Span<float>(x, width));
            sum += _width;
            x += width;
        }
    }
}
