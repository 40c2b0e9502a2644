using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// x = adjoint of the convolution, from y and w. A tile is some input channels of one group of one sample: what w sends back to
/// their patches is computed a few kernel positions at a time and added to the channels while both are in the first-level cache.
/// </summary>
internal unsafe struct ConvInputTiles : ITiles
{
    private const int RunPixels = 256;
    private const int FewTiles = 16;

    [ThreadStatic]
    private static WorkBuffer? s_panels;

    [ThreadStatic]
    private static WorkBuffer? s_patches;

    private readonly ConvSizes _sizes;
    private readonly float* _x;
    private readonly float* _w;
    private readonly float* _y;
    private readonly int _channelBlocks;

    public ConvInputTiles(in ConvSizes sizes, float* x, float* w, float* y)
    {
        _sizes = sizes;
        _x = x;
        _w = w;
        _y = y;
        long tiles = (long)sizes.Batch * sizes.Groups;
        _channelBlocks = tiles is 0 or >= FewTiles ? 1 : (int)Math.Clamp(FewTiles / tiles, 1, Math.Max(1, sizes.GroupInputs));
        Tiles = checked((int)(tiles * _channelBlocks));
    }

    public int Tiles { get; }

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
        int firstChannel = (int)((long)inputs * block / _channelBlocks);
        int channels = (int)((long)inputs * (block + 1) / _channelBlocks) - firstChannel;
        float* x = _x + (sample * _sizes.SampleX) + ((long)group * inputs * _sizes.Pixels);
        new Span<float>(x + ((long)firstChannel * _sizes.Pixels), channels * _sizes.Pixels).Clear();
        if (outputs == 0)
        {
            return;
        }
        int area = _sizes.KernelH * _sizes.KernelW;
        float* w = _w + (set * _sizes.SetW) + ((long)group * outputs * depth);
        float* y = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels);
        int panel = 2 * TVec.Count;
        int panelStep = (outputs * panel) + panel;
        Unsafe.SkipInit(out ConvPatches cut);
        for (int first = 0; first < _sizes.OutPixels; first += RunPixels)
        {
            int pixels = Math.Min(RunPixels, _sizes.OutPixels - first);
            int panels = (pixels + panel - 1) / panel;
            float* rows = (s_panels ??= new WorkBuffer()).Rent((long)panels * panelStep);
            float* patches = (s_patches ??= new WorkBuffer()).Rent((12L * panels * panel) + panel);
            for (int output = 0; output < outputs; output++)
            {
                for (int at = 0; at < pixels; at += panel)
                {
                    float* to = rows + (at / panel * panelStep) + (output * panel);
                    ConvPatches.Copy<TVec>(y + ((long)output * _sizes.OutPixels) + first + at, to, Math.Min(panel, pixels - at));
                }
            }
            cut.Cut(_sizes, first, pixels, panels * panel, 0);
            SendBack<TVec>(cut, w, rows, panelStep, patches, panels * panel, x, firstChannel * area, channels * area, pixels);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void SendBack<TVec>(
        in ConvPatches cut, float* w, float* rows, int panelStep, float* patches, int pitch, float* x, int firstDepth, int depths, int pixels)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        GemmMicro.Operands t = new() { RowStep = 1, DepthStep = _sizes.Depth, BStep = panel, YStep = pitch, Depth = _sizes.GroupOutputs };
        int blocks = (depths + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();
        for (int block = 0; block < blocks; block++)
        {
            int first = firstDepth + (int)((long)depths * block / blocks);
            int count = firstDepth + (int)((long)depths * (block + 1) / blocks) - first;
            t.A = w + first;
            t.B = rows;
            for (int at = 0; at < pixels; at += panel, t.B += panelStep)
            {
                t.Y = patches + at;
                GemmMicro.Multiply<TVec>(count, pixels - at, t);
            }
            cut.Scatter<TVec>(_sizes, x, first, count, patches, pitch);
        }
    }
}
