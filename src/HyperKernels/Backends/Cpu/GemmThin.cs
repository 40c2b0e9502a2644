using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Products that are bound by memory and have B's rows contiguous: few rows (B is read once, front to back) or little depth (Y is
/// written once). Every element is the same chain of multiply-adds as in <see cref="GemmMicro"/>.
/// </summary>
internal static unsafe class GemmThin
{
    private const int Lines = 8;

    // 8 lines of 512 floats of B stay in a 32 KiB cache while the rows of A pass over them.
    private const int ManyRowsChunk = 512;
    private const int OneRowChunk = 4096;

    /// <summary>Computes rows [row, row + rows) and columns [column, column + columns), whole depth.</summary>
    public static void Multiply<TVec>(in GemmMatrix matrix, int row, int rows, int column, int columns)
        where TVec : struct, IVec<TVec>
    {
        int chunk = rows == 1 ? OneRowChunk : ManyRowsChunk;
        int end = column + columns;
        for (int first = column; first < end; first += chunk)
        {
            int count = Math.Min(chunk, end - first);
            for (int depth = 0; depth < matrix.K; depth += Lines)
            {
                int lines = Math.Min(Lines, matrix.K - depth);
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

    private static void AddLines<TVec>(int lines, float* a, nint aStep, float* b, nint bStep, float* y, int count, bool resume)
        where TVec : struct, IVec<TVec>
    {
        switch (lines)
        {
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
        nint step3 = 3 * bStep;
        int n = 0;
        for (; n <= count - TVec.Count; n += TVec.Count)
        {
            float* low = b + n;
            float* high = low + step3 + bStep;
            TVec sum = resume ? TVec.Load(y + n) : TVec.Zero;
            sum = TVec.MultiplyAdd(a0, TVec.Load(low), sum);
            sum = TLines.Value > 1 ? TVec.MultiplyAdd(a1, TVec.Load(low + bStep), sum) : sum;
            sum = TLines.Value > 2 ? TVec.MultiplyAdd(a2, TVec.Load(low + (2 * bStep)), sum) : sum;
            sum = TLines.Value > 3 ? TVec.MultiplyAdd(a3, TVec.Load(low + step3), sum) : sum;
            sum = TLines.Value > 4 ? TVec.MultiplyAdd(a4, TVec.Load(high), sum) : sum;
            sum = TLines.Value > 5 ? TVec.MultiplyAdd(a5, TVec.Load(high + bStep), sum) : sum;
            sum = TLines.Value > 6 ? TVec.MultiplyAdd(a6, TVec.Load(high + (2 * bStep)), sum) : sum;
            sum = TLines.Value > 7 ? TVec.MultiplyAdd(a7, TVec.Load(high + step3), sum) : sum;
            sum.Store(y + n);
        }
        if (n < count)
        {
            int rest = count - n;
            float* low = b + n;
            float* high = low + step3 + bStep;
            TVec sum = resume ? TVec.LoadPartial(y + n, rest) : TVec.Zero;
            sum = TVec.MultiplyAdd(a0, TVec.LoadPartial(low, rest), sum);
            sum = TLines.Value > 1 ? TVec.MultiplyAdd(a1, TVec.LoadPartial(low + bStep, rest), sum) : sum;
            sum = TLines.Value > 2 ? TVec.MultiplyAdd(a2, TVec.LoadPartial(low + (2 * bStep), rest), sum) : sum;
            sum = TLines.Value > 3 ? TVec.MultiplyAdd(a3, TVec.LoadPartial(low + step3, rest), sum) : sum;
            sum = TLines.Value > 4 ? TVec.MultiplyAdd(a4, TVec.LoadPartial(high, rest), sum) : sum;
            sum = TLines.Value > 5 ? TVec.MultiplyAdd(a5, TVec.LoadPartial(high + bStep, rest), sum) : sum;
            sum = TLines.Value > 6 ? TVec.MultiplyAdd(a6, TVec.LoadPartial(high + (2 * bStep), rest), sum) : sum;
            sum = TLines.Value > 7 ? TVec.MultiplyAdd(a7, TVec.LoadPartial(high + step3, rest), sum) : sum;
            sum.StorePartial(y + n, rest);
        }
    }
}
