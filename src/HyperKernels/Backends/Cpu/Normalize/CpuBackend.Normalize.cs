using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    // Elements per tile: they are read two or three times, so they should stay in the first cache.
    private const int NormalizeTile = 4 * 1024;

    // Neighbouring columns of one tile where a column is what is summed up: four cache lines of each row.
    private const int NormalizeColumns = 64;

    // Rows whose sum is taken in one go; sums of such pieces are then added up, so that errors grow with neither count.
    private const int PieceRows = 256;

    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances)
    {
        NormalizeData data = Data(sizes, x, gain, means, variances);
        data.Bias = FloatsOrNull(bias);
        data.Y = Floats(y);
        if (sizes.AcrossOuter && sizes.Inner == 1)
        {
            NormalizeColumnTiles columns = new() { Data = data };
            _threads.For(VectorWidth, (sizes.Groups + NormalizeColumns - 1) / NormalizeColumns, ref columns);
            return;
        }
        NormalizeTiles tiles = new() { Data = data, PerTile = (int)Math.Max(1, NormalizeTile / sizes.Size) };
        _threads.For(VectorWidth, (sizes.Statistics + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y)
    {
        NormalizeData data = Data(sizes, x, gain, means, variances);
        data.Gradient = Floats(gradient);
        data.Y = Floats(y);
        if (sizes.AcrossOuter && sizes.Inner == 1)
        {
            NormalizeColumnGradientTiles columns = new() { Data = data };
            _threads.For(VectorWidth, (sizes.Groups + NormalizeColumns - 1) / NormalizeColumns, ref columns);
            return;
        }
        NormalizeGradientTiles tiles = new() { Data = data, PerTile = (int)Math.Max(1, NormalizeTile / sizes.Size) };
        _threads.For(VectorWidth, (sizes.Statistics + tiles.PerTile - 1) / tiles.PerTile, ref tiles);
    }

    private static NormalizeData Data(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances) => new()
    {
        Sizes = sizes,
        X = Floats(x),
        Gain = FloatsOrNull(gain),
        Means = FloatsOrNull(means),
        Variances = Floats(variances),
    };

    /// <summary>What a statistic is taken over: some segments of contiguous elements, evenly spaced.</summary>
    private readonly struct Segments(in NormalizeSizes sizes, int statistic)
    {
        // Without inner elements the channels are the contiguous run, and each has a gain of its own.
        private readonly bool _runOfChannels = !sizes.AcrossOuter && sizes.Inner == 1;
        private readonly int _group = statistic % sizes.Groups;
        private readonly int _outer = sizes.AcrossOuter ? 0 : statistic / sizes.Groups;
        private readonly int _channels = sizes.Channels;
        private readonly int _perSet = sizes.Outer / sizes.Sets;
        private readonly bool _acrossOuter = sizes.AcrossOuter;

        public bool HasGainRuns => _runOfChannels;

        public int Count { get; } = sizes.AcrossOuter ? sizes.Outer : sizes.Inner == 1 ? 1 : sizes.Channels;

        public int Length { get; } = !sizes.AcrossOuter && sizes.Inner == 1 ? sizes.Channels : sizes.Inner;

        public long First { get; } = (long)statistic * sizes.Channels * sizes.Inner;

        public long Step { get; } = sizes.AcrossOuter ? (long)sizes.Groups * sizes.Inner : sizes.Inner;

        /// <summary>Where the gain (or bias) of a segment lies, given the stride between sets.</summary>
        public long ParameterAt(int segment, long stride) => _acrossOuter
            ? (segment / _perSet * stride) + _group
            : (_outer / _perSet * stride) + ((long)_group * _channels) + segment;
    }

    private struct NormalizeData
    {
        public NormalizeSizes Sizes;
        public float* X;
        public float* Gain;
        public float* Bias;
        public float* Gradient;
        public float* Means;
        public float* Variances;
        public float* Y;

        /// <summary>Whether rows are contiguous, a single piece of a sum, and whole pairs of vectors.</summary>
        public readonly bool InFours<TVec>()
            where TVec : struct, IVec<TVec> =>
            !Sizes.AcrossOuter && Sizes.Inner == 1 && Sizes.Channels <= SumPiece && Sizes.Channels % (2 * TVec.Count) == 0;

        /// <summary>1 / sqrt(variance + epsilon), always by the same arithmetic.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly float Scale(long statistic) => 1 / MathF.Sqrt(Variances[statistic] + Sizes.Epsilon);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVec Scale<TVec>(long statistic, int lanes)
            where TVec : struct, IVec<TVec> =>
            TVec.Create(1) / TVec.Sqrt(LoadLanes<TVec>(Variances + statistic, lanes) + TVec.Create(Sizes.Epsilon));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly float Mean(long statistic) => Sizes.Centred ? Means[statistic] : 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public readonly TVec Mean<TVec>(long statistic, int lanes)
            where TVec : struct, IVec<TVec> =>
            Sizes.Centred ? LoadLanes<TVec>(Means + statistic, lanes) : TVec.Zero;
    }

    private struct NormalizeTiles : ITiles
    {
        public NormalizeData Data;
        public int PerTile;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Data.Sizes.Statistics, (tile + 1) * PerTile);
            int statistic = tile * PerTile;
            for (; Data.InFours<TVec>() && statistic <= end - 4; statistic += 4)
            {
                Four<TVec>(statistic);
            }
            for (; statistic < end; statistic++)
            {
                One<TVec>(new Segments(Data.Sizes, statistic), statistic);
            }
        }

        // Four short rows at a time, each as One sums it: a row's own sums wait for one another most of the time.
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Four<TVec>(int statistic)
            where TVec : struct, IVec<TVec>
        {
            int length = Data.Sizes.Channels;
            float* x = Data.X + ((long)statistic * length);
            double* sums = stackalloc double[4];
            float* means = stackalloc float[4];
            new Span<float>(means, 4).Clear();
            if (Data.Sizes.Centred)
            {
                SumFour<TVec, ElementTerm>(x, length, means, sums);
                for (int i = 0; i < 4; i++)
                {
                    Data.Means[statistic + i] = means[i] = (float)(sums[i] / length);
                }
            }
            SumFour<TVec, SquareTerm>(x, length, means, sums);
            for (int i = 0; i < 4; i++)
            {
                Data.Variances[statistic + i] = (float)(sums[i] / length);
            }
            for (int i = 0; i < 4; i++)
            {
                Segments segments = new(Data.Sizes, statistic + i);
                float* gain = Data.Gain == null ? null : Data.Gain + segments.ParameterAt(0, Data.Sizes.StrideGain);
                float* bias = Data.Bias == null ? null : Data.Bias + segments.ParameterAt(0, Data.Sizes.StrideBias);
                Write<TVec>(x + ((long)i * length), means[i], Data.Scale(statistic + i), gain, bias, true, Data.Y + segments.First, length);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void SumFour<TVec, TTerm>(float* x, int length, float* shifts, double* sums)
            where TVec : struct, IVec<TVec>
            where TTerm : struct, ISumTerm
        {
            (TVec by0, TVec by1, TVec by2, TVec by3) = (TVec.Create(shifts[0]), TVec.Create(shifts[1]), TVec.Create(shifts[2]), TVec.Create(shifts[3]));
            TVec even0 = TVec.Zero, even1 = TVec.Zero, even2 = TVec.Zero, even3 = TVec.Zero;
            TVec odd0 = TVec.Zero, odd1 = TVec.Zero, odd2 = TVec.Zero, odd3 = TVec.Zero;
            float* x1 = x + length;
            float* x2 = x1 + length;
            float* x3 = x2 + length;
            for (int i = 0; i < length; i += 2 * TVec.Count)
            {
                even0 += TTerm.Of(TVec.Load(x + i), by0, by0);
                even1 += TTerm.Of(TVec.Load(x1 + i), by1, by1);
                even2 += TTerm.Of(TVec.Load(x2 + i), by2, by2);
                even3 += TTerm.Of(TVec.Load(x3 + i), by3, by3);
                odd0 += TTerm.Of(TVec.Load(x + i + TVec.Count), by0, by0);
                odd1 += TTerm.Of(TVec.Load(x1 + i + TVec.Count), by1, by1);
                odd2 += TTerm.Of(TVec.Load(x2 + i + TVec.Count), by2, by2);
                odd3 += TTerm.Of(TVec.Load(x3 + i + TVec.Count), by3, by3);
            }
            sums[0] = TVec.Sum(even0 + odd0);
            sums[1] = TVec.Sum(even1 + odd1);
            sums[2] = TVec.Sum(even2 + odd2);
            sums[3] = TVec.Sum(even3 + odd3);
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void One<TVec>(in Segments segments, int statistic)
            where TVec : struct, IVec<TVec>
        {
            double sum = 0;
            if (Data.Sizes.Centred)
            {
                for (int j = 0; j < segments.Count; j++)
                {
                    sum += SumRow<TVec, ElementTerm>(Data.X + segments.First + (j * segments.Step), null, 0, segments.Length);
                }
                Data.Means[statistic] = (float)(sum / Data.Sizes.Size);
            }
            float mean = Data.Mean(statistic);
            double squares = 0;
            for (int j = 0; j < segments.Count; j++)
            {
                squares += SumRow<TVec, SquareTerm>(Data.X + segments.First + (j * segments.Step), null, mean, segments.Length);
            }
            Data.Variances[statistic] = (float)(squares / Data.Sizes.Size);
            float scale = Data.Scale(statistic);
            for (int j = 0; j < segments.Count; j++)
            {
                float* gain = Data.Gain == null ? null : Data.Gain + segments.ParameterAt(j, Data.Sizes.StrideGain);
                float* bias = Data.Bias == null ? null : Data.Bias + segments.ParameterAt(j, Data.Sizes.StrideBias);
                long at = segments.First + (j * segments.Step);
                Write<TVec>(Data.X + at, mean, scale, gain, bias, segments.HasGainRuns, Data.Y + at, segments.Length);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Write<TVec>(float* x, float mean, float scale, float* gain, float* bias, bool runs, float* y, int count)
            where TVec : struct, IVec<TVec>
        {
            TVec center = TVec.Create(mean);
            TVec by = TVec.Create(scale);
            TVec oneGain = TVec.Create(gain == null ? 1 : *gain);
            TVec oneBias = TVec.Create(bias == null ? 0 : *bias);
            int i = 0;
            if (runs && gain != null && bias != null)
            {
                // The usual row, without a choice in it.
                for (; i <= count - TVec.Count; i += TVec.Count)
                {
                    TVec.MultiplyAdd((TVec.Load(x + i) - center) * by, TVec.Load(gain + i), TVec.Load(bias + i)).Store(y + i);
                }
            }
            for (; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                TVec g = runs && gain != null ? LoadLanes<TVec>(gain + i, lanes) : oneGain;
                TVec b = runs && bias != null ? LoadLanes<TVec>(bias + i, lanes) : oneBias;
                TVec normal = (LoadLanes<TVec>(x + i, lanes) - center) * by;
                StoreLanes(TVec.MultiplyAdd(normal, g, b), y + i, lanes);
            }
        }
    }

    private struct NormalizeColumnTiles : ITiles
    {
        public NormalizeData Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Data.Sizes.Groups, (tile + 1) * NormalizeColumns);
            for (int column = tile * NormalizeColumns; column < end; column += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, end - column);
                TVec count = TVec.Create(Data.Sizes.Outer);
                TVec mean = Sum<TVec>(column, TVec.Zero, lanes, squares: false) / count;
                TVec variance = Sum(column, mean, lanes, squares: true) / count;
                StoreLanes(mean, Data.Means + column, lanes);
                StoreLanes(variance, Data.Variances + column, lanes);
                TVec scale = Data.Scale<TVec>(column, lanes);
                int perSet = Data.Sizes.Outer / Data.Sizes.Sets;
                TVec gain = TVec.Create(1);
                TVec bias = TVec.Zero;
                for (int row = 0; row < Data.Sizes.Outer; row++)
                {
                    if (row % perSet == 0)
                    {
                        gain = Data.Gain == null ? gain : LoadLanes<TVec>(Data.Gain + (row / perSet * Data.Sizes.StrideGain) + column, lanes);
                        bias = Data.Bias == null ? bias : LoadLanes<TVec>(Data.Bias + (row / perSet * Data.Sizes.StrideBias) + column, lanes);
                    }
                    long at = ((long)row * Data.Sizes.Groups) + column;
                    StoreLanes(TVec.MultiplyAdd((LoadLanes<TVec>(Data.X + at, lanes) - mean) * scale, gain, bias), Data.Y + at, lanes);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly TVec Sum<TVec>(int column, TVec mean, int lanes, bool squares)
            where TVec : struct, IVec<TVec>
        {
            TVec sum = TVec.Zero;
            for (int start = 0; start < Data.Sizes.Outer; start += PieceRows)
            {
                TVec piece = TVec.Zero;
                int end = Math.Min(Data.Sizes.Outer, start + PieceRows);
                for (int row = start; row < end; row++)
                {
                    TVec x = LoadLanes<TVec>(Data.X + ((long)row * Data.Sizes.Groups) + column, lanes) - mean;
                    piece = squares ? TVec.MultiplyAdd(x, x, piece) : piece + x;
                }
                sum += piece;
            }
            return sum;
        }
    }
}
