using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    /// <summary>Adds up gain dy and gain dy (x - mean) over a segment, in doubles over pieces of floats.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddGradientSums<TVec>(
        float* x, float* gradient, float mean, float* gain, bool runs, int count, ref double plain, ref double moment)
        where TVec : struct, IVec<TVec>
    {
        const int Piece = 512;
        TVec center = TVec.Create(mean);
        TVec oneGain = TVec.Create(gain == null ? 1 : *gain);
        for (int start = 0; start < count; start += Piece)
        {
            int end = Math.Min(count, start + Piece);
            TVec sum = TVec.Zero;
            TVec product = TVec.Zero;
            for (int i = start; i < end; i += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, end - i);
                TVec g = runs && gain != null ? LoadLanes<TVec>(gain + i, lanes) : oneGain;
                // Lanes behind the end read a gradient of zero and add nothing.
                TVec dy = LoadLanes<TVec>(gradient + i, lanes) * g;
                sum += dy;
                product = TVec.MultiplyAdd(dy, LoadLanes<TVec>(x + i, lanes) - center, product);
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
            for (int statistic = tile * PerTile; statistic < end; statistic++)
            {
                One<TVec>(new Segments(Data.Sizes, statistic), statistic);
            }
        }

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
            float first = Data.Sizes.Centred ? (float)(scale * plain / Data.Sizes.Size) : 0;
            float second = (float)((double)scale * scale * scale * moment / Data.Sizes.Size);
            for (int j = 0; j < segments.Count; j++)
            {
                long at = segments.First + (j * segments.Step);
                Write<TVec>(at, mean, scale, Gain(segments, j), segments.HasGainRuns, first, second, segments.Length);
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private readonly float* Gain(in Segments segments, int segment) =>
            Data.Gain == null ? null : Data.Gain + segments.ParameterAt(segment, Data.Sizes.StrideGain);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
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
            for (int i = 0; i < count; i += TVec.Count)
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
                        product = TVec.MultiplyAdd(h, LoadLanes<TVec>(Data.X + at, lanes) - mean, product);
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
