using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products with few rows whose B is stored [N, K]: every element is a dot product of two contiguous rows, summed lane by lane, then
/// over the lanes. B is read once, eight rows at a time. Short rows are turned instead, which costs less than sums over lanes: then every element is one
/// chain in ascending depth, as <see cref="GemmBlock"/>'s.
/// </summary>
internal static unsafe class GemmDot
{
    private const int RowsOfB = 8;

    /// <summary>The most rows of A.</summary>
    public const int MostRows = 8;

    // Up to this depth rows of B may be turned, so many at a time.
    private const int ShortRow = 16;
    private const int TurnedRows = 64;

    // From here on the processor fetches ahead better by itself.
    private const int LongRow = 1024;

    /// <summary>Whether rows of B are short enough to be turned, and worth it: measured at 256 bits, 64 x 256 of them.</summary>
    public static bool Turns(in GemmMatrix matrix) =>
        matrix.M <= MostRows && matrix.N >= 8 && matrix.K <= (matrix.M == 1 ? ShortRow / 2 : ShortRow) && matrix.M * matrix.K <= 4 * ShortRow;

    /// <summary>Computes columns [column, column + columns) of all rows, whole depth. A's rows must be contiguous.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(in GemmMatrix matrix, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        int end = column + columns;
        bool turns = Turns(matrix);
        int step = turns ? TurnedRows : RowsOfB;
        for (int n = column; n < end; n += step)
        {
            int count = Math.Min(step, end - n);
            if (turns)
            {
                Turned<TVec>(matrix, n, count);
                continue;
            }
            for (int m = 0; m < matrix.M; m++)
            {
                float* y = matrix.Y + (m * matrix.RowY) + n;
                Dots<TVec>(
                    matrix.A + (m * matrix.RowA), matrix.B + (n * matrix.ColumnB), matrix.ColumnB, matrix.K, y, count, matrix.Accumulate);
            }
        }
        if (matrix.HasEpilogue)
        {
            matrix.Finish<TVec>(0, column, matrix.M, columns);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Turned<TVec>(in GemmMatrix matrix, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        // Long vectors on a line's start: a stack begins anywhere, and two lines for every vector took a fifth more time, program start by program start.
        float* room = stackalloc float[(ShortRow * TurnedRows) + HostMemory.Line];
        float* turned = HostMemory.NextLine(room);
        GemmPack.Turn(matrix.B + (column * matrix.ColumnB), matrix.ColumnB, columns, matrix.K, turned, TurnedRows);
        MultiplyTurned<TVec>(matrix, turned, column, columns);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization | MethodImplOptions.NoInlining)]
    private static void MultiplyTurned<TVec>(in GemmMatrix matrix, float* turned, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        for (int m = 0; m < matrix.M; m++)
        {
            float* a = matrix.A + (m * matrix.RowA);
            float* y = matrix.Y + (m * matrix.RowY) + column;
            for (int n = 0; n < columns; n += TVec.Count)
            {
                int lanes = Math.Min(TVec.Count, columns - n);
                // Lanes behind the last column read what was there before, and are thrown away.
                float* b = turned + n;
                TVec sum = matrix.Accumulate ? TVec.LoadPartial(y + n, lanes) : TVec.Zero;
                for (int k = 0; k < matrix.K; k++)
                {
                    TVec.Accumulate(ref sum, TVec.Create(a[k]), b);
                    b += TurnedRows;
                }
                if (lanes == TVec.Count)
                {
                    sum.Store(y + n);
                }
                else
                {
                    sum.StorePartial(y + n, lanes);
                }
            }
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Dots<TVec>(float* a, float* b, nint step, int depth, float* y, int count, bool accumulate)
        where TVec : struct, IVec<TVec>
    {
        // Rows behind the last are the last again: their sums are thrown away.
        int last = count - 1;
        float* b1 = b + (Math.Min(1, last) * step);
        float* b2 = b + (Math.Min(2, last) * step);
        float* b3 = b + (Math.Min(3, last) * step);
        float* b4 = b + (Math.Min(4, last) * step);
        float* b5 = b + (Math.Min(5, last) * step);
        float* b6 = b + (Math.Min(6, last) * step);
        float* b7 = b + (Math.Min(7, last) * step);
        TVec s0 = TVec.Zero, s1 = TVec.Zero, s2 = TVec.Zero, s3 = TVec.Zero;
        TVec s4 = TVec.Zero, s5 = TVec.Zero, s6 = TVec.Zero, s7 = TVec.Zero;
        nint ahead = RowsOfB * step;
        bool fetch = step == depth && depth <= LongRow;
        int k = 0;
        for (; k <= depth - TVec.Count; k += TVec.Count)
        {
            TVec x = TVec.Load(a + k);
            TVec.Accumulate(ref s0, x, b + k);
            TVec.Accumulate(ref s1, x, b1 + k);
            TVec.Accumulate(ref s2, x, b2 + k);
            TVec.Accumulate(ref s3, x, b3 + k);
            TVec.Accumulate(ref s4, x, b4 + k);
            TVec.Accumulate(ref s5, x, b5 + k);
            TVec.Accumulate(ref s6, x, b6 + k);
            TVec.Accumulate(ref s7, x, b7 + k);
            if (Sse.IsSupported && TVec.Count == 16 && fetch)
            {
                // The rows after these; eight short streams at once are more than the processor foresees.
                float* next = b + ahead + (RowsOfB * k);
                Sse.Prefetch0(next);
                Sse.Prefetch0(next + 16);
                Sse.Prefetch0(next + 32);
                Sse.Prefetch0(next + 48);
                Sse.Prefetch0(next + 64);
                Sse.Prefetch0(next + 80);
                Sse.Prefetch0(next + 96);
                Sse.Prefetch0(next + 112);
            }
        }
        if (k < depth)
        {
            int rest = depth - k;
            TVec x = TVec.LoadPartial(a + k, rest);
            TVec.Accumulate(ref s0, x, TVec.LoadPartial(b + k, rest));
            TVec.Accumulate(ref s1, x, TVec.LoadPartial(b1 + k, rest));
            TVec.Accumulate(ref s2, x, TVec.LoadPartial(b2 + k, rest));
            TVec.Accumulate(ref s3, x, TVec.LoadPartial(b3 + k, rest));
            TVec.Accumulate(ref s4, x, TVec.LoadPartial(b4 + k, rest));
            TVec.Accumulate(ref s5, x, TVec.LoadPartial(b5 + k, rest));
            TVec.Accumulate(ref s6, x, TVec.LoadPartial(b6 + k, rest));
            TVec.Accumulate(ref s7, x, TVec.LoadPartial(b7 + k, rest));
        }
        float* sums = stackalloc float[RowsOfB];
        TVec.SumEight(s0, s1, s2, s3, s4, s5, s6, s7, sums);
        for (int i = 0; i < count; i++)
        {
            y[i] = accumulate ? y[i] + sums[i] : sums[i];
        }
    }
}
