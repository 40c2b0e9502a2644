using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A convolution of stride 1 without patches, forward or its adjoint in x (which is one too, with the kernels turned and more padding).
/// The source's rows are laid out with their zeros between them, so that what a kernel position sees of a run of rows is one contiguous
/// run; the few columns that stand behind the end of a row are computed and dropped. A tile is a run of rows and some output channels
/// of one group, of one sample or, where the kernels have to be turned, of several that share them.
/// </summary>
internal unsafe struct ConvDirectTiles : ITiles
{
    // Source and result of a pass over the channels stay in the second-level cache: each a quarter of one of one MiB.
    private const int PassFloats = 64 << 10;

    // What a register tile reads of the source stays in the first-level cache.
    private const int MostDepth = 320;
    private const int FewestRows = 4;

    // Fewer tiles than this are cut further, along the output channels, so that a small batch keeps several cores busy.
    private const int FewTiles = 16;

    [ThreadStatic]
    private static WorkBuffer? s_steps;

    [ThreadStatic]
    private static WorkBuffer? s_source;

    [ThreadStatic]
    private static WorkBuffer? s_result;

    [ThreadStatic]
    private static WorkBuffer? s_turned;

    private readonly ConvSizes _sizes;
    private readonly ConvSides _sides;
    private readonly ConvPlane _plane;
    private readonly ConvMicro.Step* _steps;
    private readonly int _inputs;
    private readonly int _outputs;
    private readonly int _runs;
    private readonly int _rows;
    private readonly int _step;
    private readonly int _blocks;
    private readonly int _channels;
    private readonly int _chunks;

    public ConvDirectTiles(in ConvSizes sizes, in ConvSides sides)
    {
        _sizes = sizes;
        _sides = sides;
        _plane = sides.Plane;
        (_inputs, _outputs) = (sides.Inputs, sides.Outputs);
        int area = sizes.KernelH * sizes.KernelW;
        int depthBlocks = Math.Max(1, ((_inputs * area) + MostDepth - 1) / MostDepth);
        _channels = (_inputs + depthBlocks - 1) / depthBlocks;
        long rows = (PassFloats / ((long)_plane.Pitch * Math.Max(_channels, _outputs))) - _plane.Seen(0);
        rows = Math.Clamp(rows, Math.Min(FewestRows, _plane.OutHeight), _plane.OutHeight);
        _runs = (int)((_plane.OutHeight + rows - 1) / rows);
        _rows = (_plane.OutHeight + _runs - 1) / _runs;
        _runs = (_plane.OutHeight + _rows - 1) / _rows;
        _step = _plane.Step(_rows);
        // Samples that share their kernels also share the turning of them.
        long sets = (long)sizes.Sets * sizes.Groups * _runs;
        _chunks = sides.Adjoint ? (int)Math.Clamp((FewTiles + sets - 1) / sets, 1, sizes.SamplesPerSet) : sizes.SamplesPerSet;
        long tiles = sets * _chunks;
        _blocks = (int)Math.Clamp(FewTiles / Math.Max(1, tiles), 1, Math.Max(1, _outputs / 8));
        Tiles = checked((int)(tiles * _blocks));
        _steps = (ConvMicro.Step*)(s_steps ??= new WorkBuffer()).Rent(2L * _channels * area);
        FillSteps();
    }

    public int Tiles { get; }

    /// <summary>Whether these sizes are fit for this form: what is computed in vain must stay small.</summary>
    public static bool Fits(in ConvSizes s, in ConvSides sides, int vectorWidth)
    {
        int area = s.KernelH * s.KernelW;
        if (s.StrideH != 1 || s.StrideW != 1 || s.Batch == 0 || s.Depth == 0 || s.GroupOutputs == 0 || s.OutPixels == 0 || area > MostDepth)
        {
            return false;
        }
        ConvPlane plane = sides.Plane;
        int channels = Math.Max(sides.Outputs, MostDepth / area);
        if ((long)plane.Pitch * plane.Seen(FewestRows) * channels > 4 * PassFloats)
        {
            return false;
        }
        // Columns behind the rows, lanes behind the end, and for the adjoint of a large kernel the zeros around the source.
        int vector = Math.Max(1, vectorWidth / 32);
        long positions = (plane.Positions(plane.OutHeight) + vector - 1) / vector * vector;
        return 3 * positions <= 5L * plane.OutHeight * plane.OutWidth && 2 * positions <= 5L * s.OutPixels;
    }

    // In the order of the kernels: by channel, row, column. The adjoint goes through its source backwards.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void FillSteps()
    {
        int area = _sizes.KernelH * _sizes.KernelW;
        int last = _sides.Adjoint ? area - 1 : 0;
        for (int i = 0; i < _channels * area; i++)
        {
            (int channel, int k) = Math.DivRem(i, area);
            (int r, int c) = Math.DivRem(Math.Abs(last - k), _sizes.KernelW);
            _steps[i].A = i;
            _steps[i].B = (channel * _step) + (r * _sizes.DilationH * _plane.Pitch) + (c * _sizes.DilationW);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        (tile, int block) = Math.DivRem(tile, _blocks);
        (tile, int run) = Math.DivRem(tile, _runs);
        (tile, int chunk) = Math.DivRem(tile, _chunks);
        (int set, int group) = Math.DivRem(tile, _sizes.Groups);
        int samples = _sizes.SamplesPerSet;
        int first = (set * samples) + (int)((long)samples * chunk / _chunks);
        int last = (set * samples) + (int)((long)samples * (chunk + 1) / _chunks);
        int rowStep = _inputs * _sizes.KernelH * _sizes.KernelW;
        int firstOutput = (int)((long)_outputs * block / _blocks);
        int outputs = (int)((long)_outputs * (block + 1) / _blocks) - firstOutput;
        float* w = _sides.Kernels(set, group, firstOutput);
        w = _sides.Adjoint ? Turn<TVec>(w, outputs, out rowStep) : w;
        for (int sample = first; sample < last; sample++)
        {
            float* from = _sides.From(sample, group);
            float* to = _sides.To(sample, group, firstOutput);
            Sample<TVec>(from, w, rowStep, _sides.Bias(set, group, firstOutput), to, outputs, run * _rows);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Sample<TVec>(float* from, float* w, int rowStep, float* bias, float* to, int outputs, int firstRow)
        where TVec : struct, IVec<TVec>
    {
        int rows = Math.Min(_rows, _plane.OutHeight - firstRow);
        int area = _sizes.KernelH * _sizes.KernelW;
        int vectors = (int)((_plane.Positions(rows) + TVec.Count - 1) / TVec.Count);
        int pitch = ConvPlane.Spread(vectors * TVec.Count);
        float* source = (s_source ??= new WorkBuffer()).Rent(((long)_channels * _step) + (ConvMicro.MaxVectors * TVec.Count));
        float* result = (s_result ??= new WorkBuffer()).Rent(((long)outputs * pitch) + _plane.Pitch + TVec.Count);
        for (int output = 0; output < outputs && bias != null; output++)
        {
            new Span<float>(result + ((long)output * pitch), vectors * TVec.Count).Fill(bias[output]);
        }
        float* end = from + ((long)_inputs * _plane.Pixels);
        ConvMicro.Operands t = new() { RowStep = rowStep, B = source, YStep = pitch, Steps = _steps };
        for (int channel = 0; channel < _inputs; channel += _channels)
        {
            int channels = Math.Min(_channels, _inputs - channel);
            _plane.Fill<TVec>(from + ((long)channel * _plane.Pixels), end, channels, firstRow, rows, source, _step);
            t.A = w + ((long)channel * area);
            t.Y = result;
            t.Depth = channels * area;
            t.Resume = channel > 0 || bias != null;
            Multiply<TVec>(t, outputs, vectors);
        }
        to += (long)firstRow * _plane.OutWidth;
        for (int output = 0; output < outputs; output++)
        {
            _plane.TakeOut<TVec>(result + ((long)output * pitch), rows, to);
            to += (long)_plane.OutHeight * _plane.OutWidth;
        }
    }

    /// <summary>The adjoint's kernels with channels of x as the rows, <paramref name="pitch"/> apart.</summary>
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly float* Turn<TVec>(float* w, int rows, out int pitch)
        where TVec : struct, IVec<TVec>
    {
        int area = _sizes.KernelH * _sizes.KernelW;
        // Room for a vector: what is written behind a kernel is overwritten by that of the next channel, if there is one.
        pitch = ConvPlane.Spread((_inputs * area) + TVec.Count);
        float* turned = (s_turned ??= new WorkBuffer()).Rent((long)rows * pitch);
        float* end = w + ((_inputs - 1L) * _sizes.Depth) + ((long)rows * area);
        for (int channel = 0; channel < _inputs; channel++)
        {
            float* from = w + ((long)channel * _sizes.Depth);
            float* to = turned + ((long)channel * area);
            for (int row = 0; row < rows; row++)
            {
                ConvPlane.Copy<TVec>(from, end, to, area);
                from += area;
                to += pitch;
            }
        }
        return turned;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec>(ConvMicro.Operands t, int outputs, int vectors)
        where TVec : struct, IVec<TVec>
    {
        // Rows are shared out evenly: two blocks of 5 are faster than one of 8 and one of 2.
        int blocks = (outputs + ConvMicro.MaxRows<TVec>() - 1) / ConvMicro.MaxRows<TVec>();
        float* w = t.A;
        float* result = t.Y;
        for (int vector = 0; vector < vectors; vector += ConvMicro.MaxVectors)
        {
            for (int block = 0; block < blocks; block++)
            {
                int first = (int)((long)outputs * block / blocks);
                t.A = w + (first * t.RowStep);
                t.Y = result + (first * t.YStep) + (vector * TVec.Count);
                ConvMicro.Multiply<TVec>((int)((long)outputs * (block + 1) / blocks) - first, Math.Min(ConvMicro.MaxVectors, vectors - vector), t);
            }
            t.B += ConvMicro.MaxVectors * TVec.Count;
        }
    }
}
