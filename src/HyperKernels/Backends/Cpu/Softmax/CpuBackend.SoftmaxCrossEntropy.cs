using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void CrossEntropy(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef losses, BufferRef logSums)
    {
        CrossEntropyTiles tiles = new()
        {
            Rows = rows,
            Classes = classes,
            RowsPerTile = Math.Max(1, SoftmaxTile / classes),
            Logits = Floats(logits),
            Labels = Ints(labels),
            Losses = Floats(losses),
            LogSums = Floats(logSums),
        };
        _threads.For(VectorWidth, (rows + tiles.RowsPerTile - 1) / tiles.RowsPerTile, ref tiles);
    }

    public void CrossEntropyGradient(int rows, int classes, BufferRef logits, BufferRef labels, BufferRef logSums, BufferRef gradient, BufferRef y)
    {
        CrossEntropyGradientTiles tiles = new()
        {
            Rows = rows,
            Classes = classes,
            RowsPerTile = Math.Max(1, SoftmaxTile / classes),
            Logits = Floats(logits),
            Labels = Ints(labels),
            LogSums = Floats(logSums),
            Gradient = Floats(gradient),
            Y = Floats(y),
        };
        _threads.For(VectorWidth, (rows + tiles.RowsPerTile - 1) / tiles.RowsPerTile, ref tiles);
    }

    private struct CrossEntropyTiles : ITiles
    {
        public int Rows;
        public int Classes;
        public int RowsPerTile;
        public float* Logits;
        public int* Labels;
        public float* Losses;
        public float* LogSums;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                float* x = Logits + ((long)row * Classes);
                float max = MaxOfRow<TVec>(x, Classes);
                double log = Math.Log(SumRow<TVec, ExpTerm>(x, null, max, Classes));
                // Both parts, and no rounded sum of them: a sure and right answer keeps its small loss, large logits their digits.
                LogSums[2 * row] = max;
                LogSums[(2 * row) + 1] = (float)log;
                Losses[row] = (float)(max - x[Labels[row]] + log);
            }
        }
    }

    private struct CrossEntropyGradientTiles : ITiles
    {
        public int Rows;
        public int Classes;
        public int RowsPerTile;
        public float* Logits;
        public int* Labels;
        public float* LogSums;
        public float* Gradient;
        public float* Y;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly void Run<TVec>(int tile)
            where TVec : struct, IVec<TVec>
        {
            int end = Math.Min(Rows, (tile + 1) * RowsPerTile);
            for (int row = tile * RowsPerTile; row < end; row++)
            {
                float* x = Logits + ((long)row * Classes);
                float* y = Y + ((long)row * Classes);
                TVec max = TVec.Create(LogSums[2 * row]);
                TVec log = TVec.Create(LogSums[(2 * row) + 1]);
                TVec scale = TVec.Create(Gradient[row]);
                for (int i = 0; i < Classes; i += TVec.Count)
                {
                    int lanes = Math.Min(TVec.Count, Classes - i);
                    StoreLanes(scale * TVec.Exp(LoadLanes<TVec>(x + i, lanes) - max - log), y + i, lanes);
                }
                y[Labels[row]] -= Gradient[row];
            }
        }
    }
}
