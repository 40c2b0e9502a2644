using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// y = w * patches of x + bias. A tile is a run of output pixels of one group of one sample: its patches are laid out as the panels
/// of <see cref="GemmMicro"/> in a buffer of the thread that stays in the second-level cache, and used by every output channel.
/// </summary>
internal unsafe struct ConvForwardTiles : ITiles
{
    // Patches of a tile: a quarter of a second-level cache of one MiB.
    private const int PatchFloats = 64 << 10;
    private const int MostDepth = 512;

    // Fewer tiles than this are cut further, along the output channels, so that a small batch keeps several cores busy.
    private const int FewTiles = 16;

    [ThreadStatic]
    private static WorkBuffer? s_patches;

    private readonly ConvSizes _sizes;
    private readonly float* _x;
    private readonly float* _w;
    private readonly float* _bias;
    private readonly float* _y;
    private readonly int _pixels;
    private readonly int _pixelTiles;
    private readonly int _outputBlocks;
    private readonly int _depth;

    public ConvForwardTiles(in ConvSizes sizes, float* x, float* w, float* bias, float* y, int vectorWidth)
    {
        _sizes = sizes;
        _x = x;
        _w = w;
        _bias = bias;
        _y = y;
        int panel = 2 * Math.Max(1, vectorWidth / 32);
        int depthBlocks = Math.Max(1, (sizes.Depth + MostDepth - 1) / MostDepth);
        _depth = (sizes.Depth + depthBlocks - 1) / depthBlocks;
        int most = Math.Clamp(PatchFloats / Math.Max(1, _depth), 64, ConvPatches.MaxPixels);
        _pixelTiles = (sizes.OutPixels + most - 1) / most;
        _pixels = _pixelTiles == 0 ? 0 : (((sizes.OutPixels + _pixelTiles - 1) / _pixelTiles) + panel - 1) / panel * panel;
        _pixels = Math.Min(_pixels, ConvPatches.MaxPixels);
        _pixelTiles = _pixels == 0 ? 0 : (sizes.OutPixels + _pixels - 1) / _pixels;
        long tiles = (long)sizes.Batch * sizes.Groups * _pixelTiles;
        _outputBlocks = tiles is 0 or >= FewTiles ? 1 : (int)Math.Clamp(FewTiles / tiles, 1, Math.Max(1, sizes.GroupOutputs / 12));
        Tiles = sizes.GroupOutputs == 0 ? 0 : checked((int)(tiles * _outputBlocks));
    }

    public int Tiles { get; }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        (tile, int block) = Math.DivRem(tile, _outputBlocks);
        (tile, int run) = Math.DivRem(tile, _pixelTiles);
        (int sample, int group) = Math.DivRem(tile, _sizes.Groups);
        int set = sample / _sizes.SamplesPerSet;
        int outputs = _sizes.GroupOutputs;
        int firstOutput = (int)((long)outputs * block / _outputBlocks);
        int lastOutput = (int)((long)outputs * (block + 1) / _outputBlocks);
        int firstPixel = run * _pixels;
        int pixels = Math.Min(_pixels, _sizes.OutPixels - firstPixel);

        int panel = 2 * TVec.Count;
        int panels = (pixels + panel - 1) / panel;
        int panelStep = (_depth * panel) + panel;
        float* patches = (s_patches ??= new WorkBuffer()).Rent((long)panels * panelStep);
        Unsafe.SkipInit(out ConvPatches cut);
        cut.Cut(_sizes, firstPixel, pixels, panel, panelStep);

        int depth = _sizes.Depth;
        float* x = _x + (sample * _sizes.SampleX) + ((long)group * _sizes.GroupInputs * _sizes.Pixels);
        float* w = _w + (set * _sizes.SetW) + ((long)group * outputs * depth);
        float* bias = _bias == null ? null : _bias + (set * _sizes.SetBias) + (group * outputs);
        float* y = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels) + firstPixel;
        int done = 0;
        do
        {
            int depths = Math.Min(_depth, depth - done);
            cut.Gather<TVec>(_sizes, x, done, depths, patches, panel);
            Multiply<TVec>(w + done, depths, patches, panelStep, done > 0, bias, y, firstOutput, lastOutput, pixels);
            done += depths;
        }
        while (done < depth);
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Multiply<TVec>(
        float* w, int depths, float* patches, int panelStep, bool resume, float* bias, float* y, int firstOutput, int lastOutput, int pixels)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        int depth = _sizes.Depth;
        int rowY = _sizes.OutPixels;
        float* edge = stackalloc float[12 * panel];
        GemmMicro.Operands t = new() { RowStep = depth, DepthStep = 1, BStep = panel, Depth = depths, Resume = resume || bias != null };
        // Rows are shared out evenly: two blocks of 10 are faster than one of 12 and one of 8.
        int blocks = (lastOutput - firstOutput + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();
        for (int block = 0; block < blocks; block++)
        {
            int first = firstOutput + (int)((long)(lastOutput - firstOutput) * block / blocks);
            int rows = firstOutput + (int)((long)(lastOutput - firstOutput) * (block + 1) / blocks) - first;
            t.A = w + ((long)first * depth);
            t.B = patches;
            for (int at = 0; at < pixels; at += panel, t.B += panelStep)
            {
                int columns = Math.Min(panel, pixels - at);
                bool ragged = columns != panel && columns != TVec.Count;
                float* target = y + ((long)first * rowY) + at;
                t.Y = ragged ? edge : target;
                t.YStep = ragged ? panel : rowY;
                for (int row = 0; row < rows && !resume && bias != null; row++)
                {
                    TVec value = TVec.Create(bias[first + row]);
                    value.Store(t.Y + (row * t.YStep));
                    if (columns > TVec.Count)
                    {
                        value.Store(t.Y + (row * t.YStep) + TVec.Count);
                    }
                }
                for (int row = 0; row < rows && resume && ragged; row++)
                {
                    ConvPatches.Copy<TVec>(target + ((long)row * rowY), edge + (row * panel), columns);
                }
                GemmMicro.Multiply<TVec>(rows, columns, t);
                for (int row = 0; row < rows && ragged; row++)
                {
                    CopyExactly<TVec>(edge + (row * panel), target + ((long)row * rowY), columns);
                }
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void CopyExactly<TVec>(float* from, float* to, int count)
        where TVec : struct, IVec<TVec>
    {
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count)
        {
            TVec.Load(from + i).Store(to + i);
        }
        if (i < count)
        {
            TVec.LoadPartial(from + i, count - i).StorePartial(to + i, count - i);
        }
    }
}
