using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Adds up gain dy and gain dy (x - mean) over a segment, in doubles over pieces of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddGradientSums<TVec>(
        float* x, float* gradient, float mean, float* gain, bool runs, int count, ref double plain, ref double moment)
        where TVec : struct, IVec<TVec>
    {
        TVec center = TVec.Create(mean);
        TVec oneGain = TVec.Create(gain == null ? 1 : *gain);
        for (int start = 0; start < count; start += SumPiece)
        {
            int end = Math.Min(count, start + SumPiece);
            TVec sum = TVec.Zero;
            TVec product = TVec.Zero;
            for (int i = start; i < end; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, end - i);
                TVec g = runs && gain != null ? LoadLanes<TVec>(gain + i, lanes) : oneGain;
                // Lanes behind the end read a gradient of zero and add nothing.
                TVec dy = LoadLanes<TVec>(gradient + i, lanes) * g;
                sum += dy;
                TVec.Accumulate(ref product, dy, LoadLanes<TVec>(x + i, lanes) - center);
            }
            plain += TVec.Sum(sum);
            moment += TVec.Sum(product);
        }
    }

    // With h = gain dy and r = 1 / sqrt(variance + epsilon):
    // dx = r h - r mean(h) - (x - mean) r^3 mean(h (x - mean)); without centring the middle term is absent.
    private struct NormalizeGradientTiles : ITiles
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

        // Four short rows at a time, each as One does it.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Four<TVec>(int statistic)
            where TVec : struct, IVec<TVec>
        {
            int length = Data.Sizes.Channels;
            long first = (long)statistic * length;
            float* gain0 = Gain(new Segments(Data.Sizes, statistic), 0);
            float* gain1 = Gain(new Segments(Data.Sizes, statistic + 1), 0);
            float* gain2 = Gain(new Segments(Data.Sizes, statistic + 2), 0);
            float* gain3 = Gain(new Segments(Data.Sizes, statistic + 3), 0);
            TVec center0 = TVec.Create(Data.Mean(statistic));
            TVec center1 = TVec.Create(Data.Mean(statistic + 1));
            TVec center2 = TVec.Create(Data.Mean(statistic + 2));
            TVec center3 = TVec.Create(Data.Mean(statistic + 3));
            TVec sum0 = TVec.Zero, sum1 = TVec.Zero, sum2 = TVec.Zero, sum3 = TVec.Zero;
            TVec product0 = TVec.Zero, product1 = TVec.Zero, product2 = TVec.Zero, product3 = TVec.Zero;
            float* x = Data.X + first;
            float* gradient = Data.Gradient + first;
            for (int i = 0; i < length; i += TVec.Count)
            {
                Add(x + i, gradient + i, gain0, i, center0, ref sum0, ref product0);
                Add(x + length + i, gradient + length + i, gain1, i, center1, ref sum1, ref product1);
                Add(x + (2 * length) + i, gradient + (2 * length) + i, gain2, i, center2, ref sum2, ref product2);
                Add(x + (3 * length) + i, gradient + (3 * length) + i, gain3, i, center3, ref sum3, ref product3);
            }
            WriteRow<TVec>(first, statistic, gain0, TVec.Sum(sum0), TVec.Sum(product0));
            WriteRow<TVec>(first + length, statistic + 1, gain1, TVec.Sum(sum1), TVec.Sum(product1));
            WriteRow<TVec>(first + (2 * length), statistic + 2, gain2, TVec.Sum(sum2), TVec.Sum(product2));
            WriteRow<TVec>(first + (3 * length), statistic + 3, gain3, TVec.Sum(sum3), TVec.Sum(product3));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Add<TVec>(float* x, float* gradient, float* gain, int at, TVec center, ref TVec sum, ref TVec product)
            where TVec : struct, IVec<TVec>
        {
            TVec dy = TVec.Load(gradient) * (gain == null ? TVec.Create(1) : TVec.Load(gain + at));
            sum += dy;
            TVec.Accumulate(ref product, dy, TVec.Load(x) - center);
        }

        // A row of Four, whose sums are known.
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void WriteRow<TVec>(long at, int statistic, float* gain, double plain, double moment)
            where TVec : struct, IVec<TVec>
        {
            (float first, float second) = Slopes(statistic, plain, moment);
            Write<TVec>(at, Data.Mean(statistic), Data.Scale(statistic), gain, true, first, second, Data.Sizes.Channels);
        }

        private readonly (float First, float Second) Slopes(int statistic, double plain, double moment)
        {
            float scale = Data.Scale(statistic);
            return (
                Data.Sizes.Centred ? (float)(scale * plain / Data.Sizes.Size) : 0,
                (float)((double)scale * scale * scale * moment / Data.Sizes.Size));
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void One<TVec>(in Segments segments, int statistic)
            where TVec : struct, IVec<TVec>
        {
            float mean = Data.Mean(statistic);
            float scale = Data.Scale(statistic);
            double plain = 0;
            double moment = 0;
            for (int j = 0; j < segments.Count; j++)
            {
                long at = segments.First + (j * segments.Step);
                AddGradientSums<TVec>(
                    Data.X + at, Data.Gradient + at, mean, Gain(segments, j), segments.HasGainRuns, segments.Length, ref plain, ref moment);
            }
            (float first, float second) = Slopes(statistic, plain, moment);
            for (int j = 0; j < segments.Count; j++)
            {
                long at = segments.First + (j * segments.Step);
                Write<TVec>(at, mean, scale, Gain(segments, j), segments.HasGainRuns, first, second, segments.Length);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly float* Gain(in Segments segments, int segment) =>
            Data.Gain == null ? null : Data.Gain + segments.ParameterAt(segment, Data.Sizes.StrideGain);

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private readonly void Write<TVec>(long at, float mean, float scale, float* gain, bool runs, float first, float second, int count)
            where TVec : struct, IVec<TVec>
        {
            float* x = Data.X + at;
            float* gradient = Data.Gradient + at;
            float* y = Data.Y + at;
            TVec center = TVec.Create(mean);
            TVec by = TVec.Create(scale);
            TVec constant = TVec.Create(first);
            TVec slope = TVec.Create(second);
            TVec oneGain = TVec.Create(gain == null ? 1 : *gain);
            int i = 0;
            if (runs && gain != null)
            {
                for (; i <= count - TVec.Count; i += TVec.Count)
                {
                    TVec away = TVec.MultiplyAdd(TVec.Load(x + i) - center, slope, constant);
                    ((TVec.Load(gradient + i) * TVec.Load(gain + i) * by) - away).Store(y + i);
                }
            }
            for (; i < count; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, count - i);
                TVec g = runs && gain != null ? LoadLanes<TVec>(gain + i, lanes) : oneGain;
                TVec h = LoadLanes<TVec>(gradient + i, lanes) * g;
                TVec away = TVec.MultiplyAdd(LoadLanes<TVec>(x + i, lanes) - center, slope, constant);
                StoreLanes((h * by) - away, y + i, lanes);
            }
        }
    }

    private struct NormalizeColumnGradientTiles : ITiles
    {
        public NormalizeData Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int columns = Data.Sizes.Groups;
            int rows = Data.Sizes.Outer;
            int perSet = rows / Data.Sizes.Sets;
            int last = Math.Min(columns, (tile + 1) * NormalizeColumns);
            for (int column = tile * NormalizeColumns; column < last; column += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, last - column);
                TVec mean = Data.Mean<TVec>(column, lanes);
                TVec scale = Data.Scale<TVec>(column, lanes);
                TVec plain = TVec.Zero;
                TVec moment = TVec.Zero;
                for (int start = 0; start < rows; start += PieceRows)
                {
                    TVec sum = TVec.Zero;
                    TVec product = TVec.Zero;
                    int end = Math.Min(rows, start + PieceRows);
                    for (int row = start; row < end; row++)
                    {
                        long at = ((long)row * columns) + column;
                        TVec h = LoadLanes<TVec>(Data.Gradient + at, lanes) * Gain<TVec>(row / perSet, column, lanes);
                        sum += h;
                        TVec.Accumulate(ref product, h, LoadLanes<TVec>(Data.X + at, lanes) - mean);
                    }
                    plain += sum;
                    moment += product;
                }
                TVec size = TVec.Create(rows);
                TVec constant = scale * plain / size;
                TVec slope = scale * scale * scale * moment / size;
                for (int row = 0; row < rows; row++)
                {
                    long at = ((long)row * columns) + column;
                    TVec h = LoadLanes<TVec>(Data.Gradient + at, lanes) * Gain<TVec>(row / perSet, column, lanes);
                    TVec away = TVec.MultiplyAdd(LoadLanes<TVec>(Data.X + at, lanes) - mean, slope, constant);
                    StoreLanes((h * scale) - away, Data.Y + at, lanes);
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly TVec Gain<TVec>(int set, int column, int lanes)
            where TVec : struct, IVec<TVec> =>
            Data.Gain == null ? TVec.Create(1) : LoadLanes<TVec>(Data.Gain + (set * Data.Sizes.StrideGain) + column, lanes);
    }
}
