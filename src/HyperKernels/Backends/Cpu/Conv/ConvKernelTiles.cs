using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// w = sum over samples and pixels of y times the patches of x. A tile is some kernel positions of one group of one set, over a fixed
/// chunk of the set's samples; where a set has several chunks, each writes its own copy and <see cref="ConvReduceTiles"/> adds them
/// in order. Three forms: transformed tiles (ConvKernelTiles.Winograd.cs), channels as lanes where they fill vectors
/// (ConvKernelTiles.Direct.cs), else dot products along rows of pixels.
/// </summary>
internal unsafe partial struct ConvKernelTiles : ITiles
{
    // The y of a chunk: a quarter of a second-level cache of one MiB, because every block of kernel positions reads it again.
    private const int ChunkFloats = 64 << 10;
    private const long MostPartialFloats = 4 << 20;
    private const int FewTiles = 16;
    private const int MostSums = 192;

    [ThreadStatic]
    private static WorkBuffer? s_patches;

    [ThreadStatic]
    private static WorkBuffer? s_sums;

    private readonly ConvSizes _sizes;
    private readonly float* _x;
    private readonly float* _w;
    private readonly float* _y;
    private readonly int _chunkSamples;
    private readonly int _columns;
    private readonly int _parts;
    private readonly bool _winograd;
    private readonly bool _direct;
    private readonly ConvPlane _plane;
    private readonly int _rows;
    private readonly ConvMicro.Step* _steps;

    public ConvKernelTiles(in ConvSizes sizes, float* x, float* w, float* y, int vectorWidth)
    {
        _sizes = sizes;
        _x = x;
        _w = w;
        _y = y;
        long length = (long)sizes.Sets * sizes.Outputs * sizes.Depth;
        int samples = sizes.SamplesPerSet;
        _chunkSamples = (int)Math.Clamp(ChunkFloats / Math.Max(1, (long)sizes.GroupOutputs * sizes.OutPixels), 1, Math.Max(1, samples));
        int most = (int)Math.Clamp(MostPartialFloats / Math.Max(1, length), 1, 1024);
        int chunks = Math.Clamp((samples + _chunkSamples - 1) / _chunkSamples, 1, most);
        _chunkSamples = Math.Max(1, (samples + chunks - 1) / chunks);
        Chunks = Math.Max(1, (samples + _chunkSamples - 1) / _chunkSamples);
        PartialLength = Chunks * length;
        int vector = Math.Max(1, vectorWidth / 32);
        _direct = FillsVectors(sizes, vector);
        _winograd = ConvWinogradTiles.Fits(sizes);
        if (_winograd)
        {
            _columns = 2 * vector * 9;
            _plane = new ConvPlane(sizes, adjoint: false);
            _rows = TileRowsAtOnce;
        }
        else if (_direct)
        {
            _columns = vector * sizes.KernelH * sizes.KernelW;
            _plane = new ConvPlane(sizes, adjoint: false);
            int rows = Math.Min(MostPixels / sizes.OutWidth, PassFloats / (_plane.Pitch * vector * sizes.StrideH));
            _rows = Math.Clamp(rows, 1, sizes.OutHeight);
            _steps = FillSteps(vector);
        }
        else
        {
            _columns = vectorWidth == 512 ? ConvDot.Columns<Vec512>() : ConvDot.Columns<Vec1>();
        }
        int blocks = (sizes.Depth + _columns - 1) / _columns;
        long tiles = (long)sizes.Sets * sizes.Groups * Chunks;
        _parts = tiles is 0 or >= FewTiles ? 1 : (int)Math.Clamp(FewTiles / tiles, 1, Math.Max(1, blocks));
        Tiles = checked((int)(tiles * _parts));
        Partial = null;
    }

    public int Tiles { get; }

    /// <summary>Copies of w to be added up; 1: w itself is written.</summary>
    public int Chunks { get; }

    /// <summary>Floats of all copies.</summary>
    public long PartialLength { get; }

    /// <summary>The copies, <c>[chunk, set, output, depth]</c>.</summary>
    public float* Partial { get; set; }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        (tile, int part) = Math.DivRem(tile, _parts);
        (tile, int chunk) = Math.DivRem(tile, Chunks);
        (int set, int group) = Math.DivRem(tile, _sizes.Groups);
        int outputs = _sizes.GroupOutputs;
        int depth = _sizes.Depth;
        int samples = _sizes.SamplesPerSet;
        int first = (set * samples) + Math.Min(samples, chunk * _chunkSamples);
        int last = (set * samples) + Math.Min(samples, (chunk + 1) * _chunkSamples);
        float* w = Chunks == 1 ? _w : Partial + (PartialLength / Chunks * chunk);
        w += ((long)set * _sizes.Outputs * depth) + ((long)group * outputs * depth);
        int blocks = (depth + _columns - 1) / _columns;
        int firstBlock = (int)((long)blocks * part / _parts);
        int lastBlock = (int)((long)blocks * (part + 1) / _parts);
        if (_winograd)
        {
            int panel = 2 * TVec.Count;
            WinogradBlock<TVec>(w, group, first, last, firstBlock * panel, Math.Min(lastBlock * panel, _sizes.GroupInputs));
            return;
        }
        for (int block = firstBlock; block < lastBlock; block++)
        {
            if (_direct)
            {
                DirectBlock<TVec>(w, group, first, last, block * TVec.Count);
            }
            else
            {
                int from = (int)((long)depth * block / blocks);
                int count = (int)((long)depth * (block + 1) / blocks) - from;
                Block<TVec>(w, group, first, last, from, count);
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Block<TVec>(float* w, int group, int firstSample, int lastSample, int firstDepth, int depths)
        where TVec : struct, IVec<TVec>
    {
        int outputs = _sizes.GroupOutputs;
        int rowSums = depths * TVec.Count;
        int pitch = ConvPatches.MaxPixels + TVec.Count;
        float* patches = (s_patches ??= new WorkBuffer()).Rent(((long)depths * pitch) + TVec.Count);
        float* sums = (s_sums ??= new WorkBuffer()).Rent((long)outputs * rowSums);
        new Span<float>(sums, outputs * rowSums).Clear();
        ConvDot.Operands t = new() { B = patches, StepB = pitch, StepA = _sizes.OutPixels, RowSums = rowSums };
        int tiles = (outputs + ConvDot.Rows - 1) / ConvDot.Rows;
        Unsafe.SkipInit(out ConvPatches cut);
        for (int pixel = 0; pixel < _sizes.OutPixels; pixel += ConvPatches.MaxPixels)
        {
            int pixels = Math.Min(ConvPatches.MaxPixels, _sizes.OutPixels - pixel);
            int over = pixels % TVec.Count;
            t.Count = pixels;
            cut.Cut(_sizes, pixel, pixels, ConvPatches.MaxPixels, 0);
            for (int sample = firstSample; sample < lastSample; sample++)
            {
                float* x = _x + (sample * _sizes.SampleX) + ((long)group * _sizes.GroupInputs * _sizes.Pixels);
                float* y = _y + (sample * _sizes.SampleY) + ((long)group * outputs * _sizes.OutPixels) + pixel;
                cut.Gather<TVec>(_sizes, x, firstDepth, depths, patches, pitch);
                for (int d = 0; d < depths && over > 0; d++)
                {
                    TVec.Zero.StorePartial(patches + ((long)d * pitch) + pixels, TVec.Count - over);
                }
                for (int i = 0; i < tiles; i++)
                {
                    int row = (int)((long)outputs * i / tiles);
                    int rows = (int)((long)outputs * (i + 1) / tiles) - row;
                    t.A = y + ((long)row * _sizes.OutPixels);
                    t.Sums = sums + ((long)row * rowSums);
                    ConvDot.Multiply<TVec>(rows, depths, t);
                }
            }
        }
        float* totals = stackalloc float[MostSums];
        int atOnce = MostSums / depths;
        for (int output = 0; output < outputs; output += atOnce)
        {
            int count = Math.Min(atOnce, outputs - output);
            TVec.SumEach(sums + ((long)output * rowSums), totals, count * depths);
            for (int i = 0; i < count; i++)
            {
                for (int d = 0; d < depths; d++)
                {
                    w[((long)(output + i) * _sizes.Depth) + firstDepth + d] = totals[(i * depths) + d];
                }
            }
        }
    }
}

/// <summary>Adds up the copies that chunks of the batch wrote, in their order.</summary>
internal unsafe struct ConvReduceTiles : ITiles
{
    private const int TileFloats = 4096;

    private readonly float* _w;
    private readonly float* _partial;
    private readonly long _length;
    private readonly int _chunks;

    public ConvReduceTiles(float* w, float* partial, long length, int chunks)
    {
        _w = w;
        _partial = partial;
        _length = length;
        _chunks = chunks;
        Tiles = checked((int)((length + TileFloats - 1) / TileFloats));
    }

    public int Tiles { get; }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Run<TVec>(int tile)
        where TVec : struct, IVec<TVec>
    {
        long end = Math.Min(_length, (tile + 1L) * TileFloats);
        for (long at = (long)tile * TileFloats; at < end; at += TVec.Count)
        {
            int count = (int)Math.Min(TVec.Count, end - at);
            TVec sum = TVec.LoadPartial(_partial + at, count);
            for (int chunk = 1; chunk < _chunks; chunk++)
            {
                sum += TVec.LoadPartial(_partial + (chunk * _length) + at, count);
            }
            sum.StorePartial(_w + at, count);
        }
    }
}
