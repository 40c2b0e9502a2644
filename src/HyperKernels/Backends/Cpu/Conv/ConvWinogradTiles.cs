using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A convolution with 3 by 3 kernels and stride 1, or its adjoint in x, by <see cref="ConvWinograd"/>: 16 small matrix products, over
/// the channels, of transformed kernels and transformed tiles, with less than half the multiplications. A tile of work is some output
/// channels of one group of samples that share their kernels.
/// </summary>
internal unsafe struct ConvWinogradTiles : ITiles
{
    // Below, the transforms cost what the products save; above, transformed kernels and tiles leave the second-level cache.
    private const int FewestChannels = 12;
    private const int MostChannels = 128;
    private const int FewestPixels = 128;
    private const int MostFloats = 1 << 20;

    // Fewer tiles than this are cut further, along the output channels, so that a small batch keeps several cores busy.
    private const int FewTiles = 16;

    [ThreadStatic]
    private static WorkBuffer? s_kernels;

    [ThreadStatic]
    private static WorkBuffer? s_planes;

    [ThreadStatic]
    private static WorkBuffer? s_products;

    [ThreadStatic]
    private static WorkBuffer? s_result;

    private readonly ConvSizes _sizes;
    private readonly ConvSides _sides;
    private readonly ConvPlane _plane;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _chunks;
    private readonly int _blocks;
    private readonly int _pitch;
    private readonly int _positions;

    public ConvWinogradTiles(in ConvSizes sizes, in ConvSides sides)
    {
        _sizes = sizes;
        _sides = sides;
        _plane = sides.Plane;
        (_inputs, _outputs) = (sides.Inputs, sides.Outputs);
        // The last column of every row of tiles stands for none: it holds the right half of the one before.
        _pitch = ((_plane.OutWidth + 1) / 2) + 1;
        _positions = (((_plane.OutHeight + 1) / 2) * _pitch) - 1;
        long sets = (long)sizes.Sets * sizes.Groups;
        _chunks = (int)Math.Clamp((FewTiles + sets - 1) / sets, 1, sizes.SamplesPerSet);
        long tiles = sets * _chunks;
        _blocks = (int)Math.Clamp(FewTiles / tiles, 1, Math.Max(1, _outputs / 12));
        Tiles = checked((int)(tiles * _blocks));
    }

    public int Tiles { get; }

    /// <summary>Whether these sizes are fit for this form. The batch has no say: a sample's bits do not depend on its company.</summary>
    public static bool Fits(in ConvSizes s)
    {
        int fewest = Math.Min(s.GroupInputs, s.GroupOutputs);
        int most = Math.Max(s.GroupInputs, s.GroupOutputs);
        long pixels = (s.OutHeight + 6L) * (s.OutWidth + 6L);
        return s.Batch > 0 && s.KernelH == 3 && s.KernelW == 3 && s.StrideH == 1 && s.StrideW == 1 && s.DilationH == 1 && s.DilationW == 1
            && fewest >= FewestChannels && most <= MostChannels && s.OutPixels >= FewestPixels && pixels * most <= MostFloats;
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        (tile, int block) = Math.DivRem(tile, _blocks);
        (tile, int chunk) = Math.DivRem(tile, _chunks);
        (int set, int group) = Math.DivRem(tile, _sizes.Groups);
        int samples = _sizes.SamplesPerSet;
        int first = (set * samples) + (int)((long)samples * chunk / _chunks);
        int last = (set * samples) + (int)((long)samples * (chunk + 1) / _chunks);
        int firstOutput = (int)((long)_outputs * block / _blocks);
        int outputs = (int)((long)_outputs * (block + 1) / _blocks) - firstOutput;
        Operands t = Transform<TVec>(_sides.Kernels(set, group, firstOutput), outputs);
        t.Bias = _sides.Bias(set, group, firstOutput);
        for (int sample = first; sample < last; sample++)
        {
            Split<TVec>(_sides.From(sample, group), t);
            for (int at = 0; at < _positions; at += 2 * TVec.Count)
            {
                Panel<TVec>(at, t);
            }
            TakeOut<TVec>(t, _sides.To(sample, group, firstOutput));
        }
    }

    /// <summary>Rents the buffers and transforms the kernels: product p of output o and input i is <c>Kernels[p * KernelStep + o * RowStep + i]</c>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly Operands Transform<TVec>(float* w, int outputs)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        int row = (_inputs + TVec.Count - 1) / TVec.Count * TVec.Count;
        int span = (_positions + panel - 1) / panel * panel;
        Operands t = new()
        {
            Outputs = outputs,
            RowStep = row,
            KernelStep = ConvPlane.Spread(outputs * row),
            PlaneStep = ConvPlane.Spread(span + _pitch + 1 + TVec.Count),
            TileStep = ConvPlane.Spread(_inputs * panel),
            ProductStep = ConvPlane.Spread(outputs * panel),
            ResultStep = ConvPlane.Spread(2 * span),
        };
        t.Kernels = (s_kernels ??= new WorkBuffer()).Rent((ConvWinograd.Products * t.KernelStep) + (9L * row));
        t.Planes = (s_planes ??= new WorkBuffer()).Rent((4L * _inputs * t.PlaneStep) + _plane.Floats(_plane.OutHeight + 1) + panel);
        t.Tiles = (s_products ??= new WorkBuffer()).Rent(ConvWinograd.Products * (t.TileStep + t.ProductStep));
        t.Products = t.Tiles + (ConvWinograd.Products * t.TileStep);
        t.Results = (s_result ??= new WorkBuffer()).Rent((2L * outputs * t.ResultStep) + TVec.Count);
        float* numbers = t.Kernels + (ConvWinograd.Products * t.KernelStep);
        for (int output = 0; output < outputs; output++)
        {
            GemmPack.Turn(w, _sides.InputStep, _inputs, 9, numbers, row);
            ConvWinograd.Kernels<TVec>(numbers, row, _sides.Adjoint, row, t.Kernels + (output * t.RowStep), t.KernelStep);
            w += _sides.OutputStep;
        }
        return t;
    }

    /// <summary>Lays out the source with its zeros, even and odd rows and columns apart.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Split<TVec>(float* from, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        float* end = from + ((long)_inputs * _plane.Pixels);
        float* padded = t.Planes + (4L * _inputs * t.PlaneStep);
        int rows = _plane.Seen(_plane.OutHeight);
        for (int channel = 0; channel < _inputs; channel++)
        {
            _plane.Fill<TVec>(from + ((long)channel * _plane.Pixels), end, 1, 0, _plane.OutHeight, padded, 0);
            float* planes = t.Planes + (4L * channel * t.PlaneStep);
            for (int row = 0; row < rows; row++)
            {
                float* source = padded + (row * _plane.Pitch);
                float* even = planes + (row % 2 * 2 * t.PlaneStep) + (row / 2 * _pitch);
                for (int i = 0; i < _pitch; i += TVec.Count)
                {
                    // Whole vectors: what is written behind a row is overwritten by the next.
                    TVec.LoadPairs(source + (2 * i), TVec.Count, out TVec left, out TVec right);
                    left.Store(even + i);
                    right.Store(even + t.PlaneStep + i);
                }
            }
        }
    }

    /// <summary>Two vectors of tiles, through all channels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Panel<TVec>(int at, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        int panel = 2 * TVec.Count;
        // Even and odd rows and columns stand in planes of their own, so that neighbouring tiles are neighbouring numbers.
        ConvWinograd.Places places = new() { OddColumn = t.PlaneStep, OddRow = 2 * t.PlaneStep, NextColumn = 1, NextRow = _pitch };
        for (int channel = 0; channel < _inputs; channel++)
        {
            float* planes = t.Planes + (4L * channel * t.PlaneStep) + at;
            float* tiles = t.Tiles + (channel * panel);
            ConvWinograd.Source<TVec>(planes, places, tiles, t.TileStep);
            ConvWinograd.Source<TVec>(planes + TVec.Count, places, tiles + TVec.Count, t.TileStep);
        }
        GemmMicro.Operands product = new() { RowStep = t.RowStep, DepthStep = 1, BStep = panel, YStep = panel, Depth = _inputs };
        int blocks = (t.Outputs + GemmMicro.MaxRows<TVec>() - 1) / GemmMicro.MaxRows<TVec>();
        for (int p = 0; p < ConvWinograd.Products; p++)
        {
            product.B = t.Tiles + (p * t.TileStep);
            for (int block = 0; block < blocks; block++)
            {
                int first = t.Outputs * block / blocks;
                product.A = t.Kernels + (p * t.KernelStep) + (first * t.RowStep);
                product.Y = t.Products + (p * t.ProductStep) + (first * panel);
                GemmMicro.Multiply<TVec>((t.Outputs * (block + 1) / blocks) - first, panel, product);
            }
        }
        for (int output = 0; output < t.Outputs; output++)
        {
            TVec bias = t.Bias == null ? TVec.Zero : TVec.Create(t.Bias[output]);
            float* products = t.Products + (output * panel);
            float* upper = t.Results + (2L * output * t.ResultStep) + (2 * at);
            ConvWinograd.Result(products, t.ProductStep, bias, upper, upper + t.ResultStep);
            upper += panel;
            ConvWinograd.Result(products + TVec.Count, t.ProductStep, bias, upper, upper + t.ResultStep);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void TakeOut<TVec>(in Operands t, float* to)
        where TVec : struct, IVec<TVec>
    {
        for (int output = 0; output < t.Outputs; output++)
        {
            float* end = to + ((long)_plane.OutHeight * _plane.OutWidth);
            for (int row = 0; row < _plane.OutHeight; row++)
            {
                float* source = t.Results + (((2L * output) + (row % 2)) * t.ResultStep) + (row / 2 * 2 * _pitch);
                to = ConvPlane.CopyOut<TVec>(source, to, _plane.OutWidth, end);
            }
        }
    }

    /// <summary>Buffers of a thread; steps in floats.</summary>
    private struct Operands
    {
        public float* Kernels;
        public float* Planes;
        public float* Tiles;
        public float* Products;
        public float* Results;
        public float* Bias;
        public int Outputs;
        public nint RowStep;
        public nint KernelStep;
        public nint PlaneStep;
        public nint TileStep;
        public nint ProductStep;
        public nint ResultStep;
    }
}
