using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products that are bound by memory and have B's rows contiguous: few rows (B is read once, front to back) or little depth (Y is
/// written once). Every element is the same chain of multiply-adds as in <see cref="GemmMicro"/>.
/// </summary>
internal static unsafe class GemmThin
{
    private const int Lines = 8;

    // Where there are registers for it: every line is a stream of its own, and one core needs many in flight to fill its share of the bus.
    private const int ManyLines = 16;

    // 8 lines of 512 floats of B stay in a 32 KiB cache while the rows of A pass over them.
    private const int ManyRowsChunk = 512;
    private const int OneRowChunk = 4096;

    /// <summary>Computes rows [row, row + rows) and columns [column, column + columns), whole depth.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(in GemmMatrix matrix, int row, int rows, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        int chunk = rows == 1 ? OneRowChunk : ManyRowsChunk;
        // Lines a multiple of 4 KiB apart fall into one set of the first cache, which holds 8 to 12 of them.
        bool alias = matrix.DepthB % 1024 == 0;
        int end = column + columns;
        for (int first = column; first < end; first += chunk)
        {
            int all = Math.Min(chunk, end - first);
            int count = all / TVec.Count * TVec.Count;
            if (count < all)
            {
                AddRest<TVec>(matrix, row, rows, first + count, all - count);
            }
            int lines;
            for (int depth = 0; depth < matrix.K && count > 0; depth += lines)
            {
                lines = TVec.Count == 16 && !alias && matrix.K - depth >= ManyLines ? ManyLines : Math.Min(Lines, matrix.K - depth);
                bool last = depth + lines == matrix.K && matrix.HasEpilogue;
                float* b = matrix.B + (depth * matrix.DepthB) + first;
                for (int m = row; m < row + rows; m++)
                {
                    float* a = matrix.A + (m * matrix.RowA) + (depth * matrix.DepthA);
                    float* y = matrix.Y + (m * matrix.RowY) + first;
                    AddLines<TVec>(lines, a, matrix.DepthA, b, matrix.DepthB, y, count, depth > 0 || matrix.Accumulate);
                    if (last)
                    {
                        matrix.Finish<TVec>(m, first, 1, count);
                    }
                }
            }
        }
    }

    // A masked load behind a masked store of the same place waits for the store to leave the core: this sum stays in its register.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddRest<TVec>(in GemmMatrix matrix, int row, int rows, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        for (int m = row; m < row + rows; m++)
        {
            float* a = matrix.A + (m * matrix.RowA);
            float* b = matrix.B + column;
            float* y = matrix.Y + (m * matrix.RowY) + column;
            TVec sum = matrix.Accumulate ? TVec.LoadPartial(y, columns) : TVec.Zero;
            for (int k = matrix.K; k > 0; k--)
            {
                TVec.Accumulate(ref sum, TVec.Create(*a), TVec.LoadPartial(b, columns));
                a += matrix.DepthA;
                b += matrix.DepthB;
            }
            sum.StorePartial(y, columns);
            if (matrix.HasEpilogue)
            {
                matrix.Finish<TVec>(m, column, 1, columns);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddLines<TVec>(int lines, float* a, nint aStep, float* b, nint bStep, float* y, int count, bool resume)
        where TVec : struct, IVec<TVec>
    {
        switch (lines)
        {
            case ManyLines:
                AddLines<TVec, N16>(a, aStep, b, bStep, y, count, resume);
                break;
            case 8:
                AddLines<TVec, N8>(a, aStep, b, bStep, y, count, resume);
                break;
            case 7:
                AddLines<TVec, N7>(a, aStep, b, bStep, y, count, resume);
                break;
            case 6:
                AddLines<TVec, N6>(a, aStep, b, bStep, y, count, resume);
                break;
            case 5:
                AddLines<TVec, N5>(a, aStep, b, bStep, y, count, resume);
                break;
            case 4:
                AddLines<TVec, N4>(a, aStep, b, bStep, y, count, resume);
                break;
            case 3:
                AddLines<TVec, N3>(a, aStep, b, bStep, y, count, resume);
                break;
            case 2:
                AddLines<TVec, N2>(a, aStep, b, bStep, y, count, resume);
                break;
            default:
                AddLines<TVec, N1>(a, aStep, b, bStep, y, count, resume);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void AddLines<TVec, TLines>(float* a, nint aStep, float* b, nint bStep, float* y, int count, bool resume)
        where TVec : struct, IVec<TVec>
        where TLines : struct, INumber
    {
        TVec a0 = TVec.Create(a[0]);
        TVec a1 = TLines.Value > 1 ? TVec.Create(a[aStep]) : a0;
        TVec a2 = TLines.Value > 2 ? TVec.Create(a[2 * aStep]) : a0;
        TVec a3 = TLines.Value > 3 ? TVec.Create(a[3 * aStep]) : a0;
        TVec a4 = TLines.Value > 4 ? TVec.Create(a[4 * aStep]) : a0;
        TVec a5 = TLines.Value > 5 ? TVec.Create(a[5 * aStep]) : a0;
        TVec a6 = TLines.Value > 6 ? TVec.Create(a[6 * aStep]) : a0;
        TVec a7 = TLines.Value > 7 ? TVec.Create(a[7 * aStep]) : a0;
        TVec a8 = TLines.Value > 8 ? TVec.Create(a[8 * aStep]) : a0;
        TVec a9 = TLines.Value > 9 ? TVec.Create(a[9 * aStep]) : a0;
        TVec a10 = TLines.Value > 10 ? TVec.Create(a[10 * aStep]) : a0;
        TVec a11 = TLines.Value > 11 ? TVec.Create(a[11 * aStep]) : a0;
        TVec a12 = TLines.Value > 12 ? TVec.Create(a[12 * aStep]) : a0;
        TVec a13 = TLines.Value > 13 ? TVec.Create(a[13 * aStep]) : a0;
        TVec a14 = TLines.Value > 14 ? TVec.Create(a[14 * aStep]) : a0;
        TVec a15 = TLines.Value > 15 ? TVec.Create(a[15 * aStep]) : a0;
        nint step3 = 3 * bStep;
        int n = 0;
        for (; n <= count - TVec.Count; n += TVec.Count)
        {
            float* low = b + n;
            float* high = low + step3 + bStep;
            float* third = high + step3 + bStep;
            float* fourth = third + step3 + bStep;
            TVec sum = resume ? TVec.Load(y + n) : TVec.Zero;
            TVec.Accumulate(ref sum, a0, low);
            VecMath.AccumulateIf(TLines.Value > 1, ref sum, a1, low + bStep);
            VecMath.AccumulateIf(TLines.Value > 2, ref sum, a2, low + (2 * bStep));
            VecMath.AccumulateIf(TLines.Value > 3, ref sum, a3, low + step3);
            VecMath.AccumulateIf(TLines.Value > 4, ref sum, a4, high);
            VecMath.AccumulateIf(TLines.Value > 5, ref sum, a5, high + bStep);
            VecMath.AccumulateIf(TLines.Value > 6, ref sum, a6, high + (2 * bStep));
            VecMath.AccumulateIf(TLines.Value > 7, ref sum, a7, high + step3);
            VecMath.AccumulateIf(TLines.Value > 8, ref sum, a8, third);
            VecMath.AccumulateIf(TLines.Value > 9, ref sum, a9, third + bStep);
            VecMath.AccumulateIf(TLines.Value > 10, ref sum, a10, third + (2 * bStep));
            VecMath.AccumulateIf(TLines.Value > 11, ref sum, a11, third + step3);
            VecMath.AccumulateIf(TLines.Value > 12, ref sum, a12, fourth);
            VecMath.AccumulateIf(TLines.Value > 13, ref sum, a13, fourth + bStep);
            VecMath.AccumulateIf(TLines.Value > 14, ref sum, a14, fourth + (2 * bStep));
            VecMath.AccumulateIf(TLines.Value > 15, ref sum, a15, fourth + step3);
            sum.Store(y + n);
        }
    }
}
