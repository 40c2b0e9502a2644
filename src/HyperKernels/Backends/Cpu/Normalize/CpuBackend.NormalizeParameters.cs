using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias)
    {
        NormalizeData data = Data(sizes, x, null, means, variances);
        data.Gradient = Floats(gradient);
        data.Gain = FloatsOrNull(gain);
        data.Bias = FloatsOrNull(bias);
        if (sizes.Inner == 1 && (sizes.AcrossOuter || sizes.Groups == 1))
        {
            int columns = sizes.Groups * sizes.Channels;
            NormalizeParameterColumnTiles tiles = new() { Data = data, Columns = columns, Blocks = (columns + NormalizeColumns - 1) / NormalizeColumns };
            _threads.For(VectorWidth, checked(sizes.Sets * tiles.Blocks), ref tiles);
            return;
        }
        NormalizeParameterTiles channels = new() { Data = data };
        _threads.For(VectorWidth, checked(sizes.Sets * sizes.Groups * sizes.Channels), ref channels);
    }

    /// <summary>One channel of one set: its inner elements are contiguous.</summary>
    private struct NormalizeParameterTiles : ITiles
    {
        public NormalizeData Data;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int channels = Data.Sizes.Groups * Data.Sizes.Channels;
            (int set, int channel) = Math.DivRem(tile, channels);
            int group = channel / Data.Sizes.Channels;
            int perSet = Data.Sizes.Outer / Data.Sizes.Sets;
            double gain = 0;
            double bias = 0;
            for (int outer = set * perSet; outer < (set + 1) * perSet; outer++)
            {
                long statistic = Data.Sizes.AcrossOuter ? group : ((long)outer * Data.Sizes.Groups) + group;
                long at = (((long)outer * channels) + channel) * Data.Sizes.Inner;
                double moment = 0;
                AddGradientSums<TVec>(
                    Data.X + at, Data.Gradient + at, Data.Mean(statistic), null, runs: false, Data.Sizes.Inner, ref bias, ref moment);
                gain += moment * Data.Scale(statistic);
            }
            if (Data.Gain != null)
            {
                Data.Gain[tile] = (float)gain;
            }
            if (Data.Bias != null)
            {
                Data.Bias[tile] = (float)bias;
            }
        }
    }

    /// <summary>Neighbouring channels of one set: there are no inner elements, so channels are contiguous.</summary>
    private struct NormalizeParameterColumnTiles : ITiles
    {
        public NormalizeData Data;
        public int Columns;
        public int Blocks;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            (int set, int block) = Math.DivRem(tile, Blocks);
            int perSet = Data.Sizes.Outer / Data.Sizes.Sets;
            int firstRow = set * perSet;
            int last = Math.Min(Columns, (block + 1) * NormalizeColumns);
            for (int column = block * NormalizeColumns; column < last; column += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, last - column);
                TVec gain = TVec.Zero;
                TVec bias = TVec.Zero;
                for (int start = firstRow; start < firstRow + perSet; start += PieceRows)
                {
                    TVec product = TVec.Zero;
                    TVec sum = TVec.Zero;
                    int end = Math.Min(firstRow + perSet, start + PieceRows);
                    for (int row = start; row < end; row++)
                    {
                        long at = ((long)row * Columns) + column;
                        TVec mean = Data.Sizes.AcrossOuter ? Data.Mean<TVec>(column, lanes) : TVec.Create(Data.Mean(row));
                        TVec scale = Data.Sizes.AcrossOuter ? Data.Scale<TVec>(column, lanes) : TVec.Create(Data.Scale(row));
                        TVec dy = LoadLanes<TVec>(Data.Gradient + at, lanes);
                        sum += dy;
                        TVec.Accumulate(ref product, dy, (LoadLanes<TVec>(Data.X + at, lanes) - mean) * scale);
                    }
                    gain += product;
                    bias += sum;
                }
                long to = ((long)set * Columns) + column;
                if (Data.Gain != null)
                {
                    StoreLanes(gain, Data.Gain + to, lanes);
                }
                if (Data.Bias != null)
                {
                    StoreLanes(bias, Data.Bias + to, lanes);
                }
            }
        }
    }
}
