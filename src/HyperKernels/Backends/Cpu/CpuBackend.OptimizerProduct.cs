using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

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
    public static bool UsesUpProduct(int rows, int columns, int depth) =>
        (long)rows * columns * sizeof(float) > CacheSizes.Level2
        && depth is >= LeastProductDepth and <= MostProductDepth
        && columns >= LeastProductColumns
        && rows >= 4L * depth;

    private partial struct OptimizerTiles
    {
        // Rows of a register tile of two vectors: 16 of 32 registers, or 8 of 16, hold sums.
        private const int FormRows = 8;

        // Between lines of the left factor. Not a power of two: those would share a few sets of the first cache.
        private const int LeftStep = ProductRows + 16;

        // Floats in a line of the cache.
        private const int Line = 16;

        [SkipLocalsInit]
        private static void ChangeByProduct<TVec, TRule>(in TRule rule, in OptimizerPlace place, int tile)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
        {
            int width = 2 * TVec.Count;
            int height = TVec.Count == 16 ? FormRows : FormRows / 2;
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
            float* gradient = stackalloc float[FormRows * 2 * TVec.Count];
            ProductTile part = new() { Depth = place.Depth, Step = place.Columns, Gradient = gradient };
            for (int r = 0; r < rows; r += height)
            {
                for (int first = 0; first < columns; first += width)
                {
                    long start = ((row + (long)r) * place.Columns) + column + first;
                    part.Left = left + r;
                    part.Right = right + ((nint)first * place.Depth);
                    part.Value = place.Value + start;
                    // State that is not kept is only fetched ahead: the value in its place costs nothing.
                    part.First = (place.First == null ? place.Value : place.First) + start;
                    part.Second = (place.Second == null ? place.Value : place.Second) + start;
                    part.Rows = Math.Min(height, rows - r);
                    part.Columns = Math.Min(width, columns - first);
                    if (TVec.Count == 16)
                    {
                        ChangeTile<TVec, TRule, N8>(rule, part);
                    }
                    else
                    {
                        ChangeTile<TVec, TRule, N4>(rule, part);
                    }
                }
            }
        }

        // Every element of the gradient is one chain of multiply-adds in ascending depth from zero, as in GemmMicro: the same bits.
        [SkipLocalsInit]
        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        private static void ChangeTile<TVec, TRule, TRows>(in TRule rule, in ProductTile t)
            where TVec : struct, IVec<TVec>
            where TRule : struct, IRule<TVec>
            where TRows : struct, INumber
        {
            TVec l0 = TVec.Zero, l1 = TVec.Zero, l2 = TVec.Zero, l3 = TVec.Zero, l4 = TVec.Zero, l5 = TVec.Zero, l6 = TVec.Zero, l7 = TVec.Zero;
            TVec r0 = TVec.Zero, r1 = TVec.Zero, r2 = TVec.Zero, r3 = TVec.Zero, r4 = TVec.Zero, r5 = TVec.Zero, r6 = TVec.Zero, r7 = TVec.Zero;
            float* a = t.Left;
            float* b = t.Right;
            nint step = t.Step;
            // The rows behind these come while these are computed. One line of each at a time: the processor drops what comes in bursts.
            float* value = t.Value + (TRows.Value * step);
            float* first = t.First + (TRows.Value * step);
            float* second = t.Second + (TRows.Value * step);
            nint next = Line;
            nint other = step - Line;
            int lines = TRows.Value * 2;
            for (nint k = t.Depth; k > 0; k--)
            {
                if (Sse.IsSupported && lines > 0)
                {
                    Sse.Prefetch0(value);
                    Sse.Prefetch0(first);
                    Sse.Prefetch0(second);
                    value += next;
                    first += next;
                    second += next;
                    (next, other) = (other, next);
                    lines--;
                }
                TVec left = TVec.Load(b);
                TVec right = TVec.Load(b + TVec.Count);
                TVec x = TVec.Create(a[0]);
                l0 = TVec.MultiplyAdd(x, left, l0);
                r0 = TVec.MultiplyAdd(x, right, r0);
                x = TVec.Create(a[1]);
                l1 = TVec.MultiplyAdd(x, left, l1);
                r1 = TVec.MultiplyAdd(x, right, r1);
                x = TVec.Create(a[2]);
                l2 = TVec.MultiplyAdd(x, left, l2);
                r2 = TVec.MultiplyAdd(x, right, r2);
                x = TVec.Create(a[3]);
                l3 = TVec.MultiplyAdd(x, left, l3);
                r3 = TVec.MultiplyAdd(x, right, r3);
                if (TRows.Value > 4)
                {
                    x = TVec.Create(a[4]);
                    l4 = TVec.MultiplyAdd(x, left, l4);
                    r4 = TVec.MultiplyAdd(x, right, r4);
                    x = TVec.Create(a[5]);
                    l5 = TVec.MultiplyAdd(x, left, l5);
                    r5 = TVec.MultiplyAdd(x, right, r5);
                    x = TVec.Create(a[6]);
                    l6 = TVec.MultiplyAdd(x, left, l6);
                    r6 = TVec.MultiplyAdd(x, right, r6);
                    x = TVec.Create(a[7]);
                    l7 = TVec.MultiplyAdd(x, left, l7);
                    r7 = TVec.MultiplyAdd(x, right, r7);
                }
                a += LeftStep;
                b += 2 * TVec.Count;
            }
            Store(l0, r0, t.Gradient, 0);
            Store(l1, r1, t.Gradient, 1);
            Store(l2, r2, t.Gradient, 2);
            Store(l3, r3, t.Gradient, 3);
            if (TRows.Value > 4)
            {
                Store(l4, r4, t.Gradient, 4);
                Store(l5, r5, t.Gradient, 5);
                Store(l6, r6, t.Gradient, 6);
                Store(l7, r7, t.Gradient, 7);
            }
            TRule own = rule;
            float* gradient = t.Gradient;
            value = t.Value;
            first = t.First;
            second = t.Second;
            int columns = t.Columns;
            for (int row = t.Rows; row > 0; row--)
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

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static void Store<TVec>(TVec left, TVec right, float* gradient, int row)
            where TVec : struct, IVec<TVec>
        {
            left.Store(gradient + (row * 2 * TVec.Count));
            right.Store(gradient + (((row * 2) + 1) * TVec.Count));
        }

        private struct ProductTile
        {
            public float* Left;
            public float* Right;
            public float* Value;
            public float* First;
            public float* Second;
            public float* Gradient;

            /// <summary>From one row to the next of the value and its state.</summary>
            public nint Step;
            public int Depth;
            public int Rows;
            public int Columns;
        }
    }
}
