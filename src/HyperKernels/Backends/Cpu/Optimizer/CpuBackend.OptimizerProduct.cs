using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// Gradients that are products: every register tile is formed and used up at once, so that the gradient is never in memory.
internal sealed unsafe partial class CpuBackend
{
    // What a tile covers: its factors stay in the second cache.
    private const int ProductRows = 384;
    private const int ProductColumns = 128;

    // Less depth does not cover the fetching of state, more does not fit the first cache beside it.
    private const int LeastProductDepth = 16;
    private const int MostProductDepth = 256;

    // Fewer columns leave registers empty.
    private const int LeastProductColumns = 32;

    [ThreadStatic]
    private static WorkBuffer? s_factors;

    /// <summary>
    /// Whether an optimiser gains by the factors of such a gradient: one that the second cache does not hold would go to memory and come
    /// back. The step keeps a copy of the right factor, which must be small beside it.
    /// </summary>
    public bool UsesUpProduct(int rows, int columns, int depth) =>
        (long)rows * columns * sizeof(float) > CacheSizes.Level2
        && depth is >= LeastProductDepth and <= MostProductDepth
        && columns >= LeastProductColumns
        && rows >= 4L * depth;

    private partial struct OptimizerTiles
    {
        // Numbers of a register tile: eight rows of two vectors of 16.
        private const int MostFormed = 8 * 2 * 16;

        // Between lines of the left factor. Not a power of two: those would share a few sets of the first cache.
        private const int LeftStep = ProductRows + 16;

        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void ChangeByProduct<TVec, TRule>(in TRule rule, in OptimizerPlace place, int tile)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
        {
            int width = 2 * TVec.Count;
            int height = GemmMicro.FetchingRows<TVec>();
            int column = tile % place.ColumnParts * ProductColumns;
            int columns = Math.Min(ProductColumns, place.Columns - column);
            int row = tile / place.ColumnParts * ProductRows;
            int rows = Math.Min(ProductRows, place.Rows - row);
            float* left = (s_factors ??= new WorkBuffer()).Rent(((long)LeftStep + ProductColumns + width) * place.Depth);
            float* right = left + ((nint)LeftStep * place.Depth);
            GemmPack.Along<TVec>(place.Left + row, place.Rows, rows, place.Depth, left, LeftStep);
            for (int first = 0; first < columns; first += width)
            {
                int count = Math.Min(width, columns - first);
                GemmPack.Along<TVec>(place.Right + column + first, place.Columns, count, place.Depth, right + ((nint)first * place.Depth), width);
            }
            float* gradient = stackalloc float[MostFormed];
            nint step = place.Columns;
            GemmMicro.Operands form = new() { RowStep = 1, DepthStep = LeftStep, BStep = width, Y = gradient, YStep = width, Depth = place.Depth };
            for (int r = 0; r < rows; r += height)
            {
                for (int first = 0; first < columns; first += width)
                {
                    long start = ((row + (long)r) * step) + column + first;
                    float* value = place.Value + start;
                    // State that is not kept is only fetched ahead: the value in its place costs nothing.
                    float* state = (place.First == null ? place.Value : place.First) + start;
                    float* second = (place.Second == null ? place.Value : place.Second) + start;
                    form.A = left + r;
                    form.B = right + ((nint)first * place.Depth);
                    // The rows behind these come while these are computed.
                    nint ahead = height * step;
                    form.Fetch = new GemmMicro.Fetches { First = value + ahead, Second = state + ahead, Third = second + ahead, Lines = 2 * height };
                    form.Fetch.InPairs(step);
                    GemmMicro.Multiply<TVec>(height, width, form);
                    ChangeTile<TVec, TRule>(rule, value, gradient, state, second, step, Math.Min(height, rows - r), Math.Min(width, columns - first));
                }
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
        private static void ChangeTile<TVec, TRule>(in TRule rule, float* value, float* gradient, float* first, float* second, nint step, int rows, int columns)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
        {
            TRule own = rule;
            for (; rows > 0; rows--)
            {
                if (columns == 2 * TVec.Count)
                {
                    own.Change(TVec.Load(gradient), value, first, second, TVec.Count);
                    own.Change(TVec.Load(gradient + TVec.Count), value + TVec.Count, first + TVec.Count, second + TVec.Count, TVec.Count);
                }
                else
                {
                    Change<TVec, TRule>(rule, value, gradient, first, second, columns);
                }
                gradient += 2 * TVec.Count;
                value += step;
                first += step;
                second += step;
            }
        }
    }
}
