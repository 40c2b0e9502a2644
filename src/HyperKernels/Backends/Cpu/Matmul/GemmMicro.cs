using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The register tile of the matrix product: up to 12 rows by 2 vectors at 512 bits (24 of 32 registers), up to 6 by 2 below (12 of 16).
/// Scheme: F. Van Zee, R. van de Geijn, BLIS, ACM TOMS 41(3), 2015.
/// </summary>
internal static unsafe partial class GemmMicro
{
    /// <summary>Rows of a tile that waits for memory more than for the multiplier: 16 of 32 registers hold sums, or 8 of 16.</summary>
    public static int FetchingRows<TVec>()
        where TVec : struct, IVec<TVec> => TVec.Count == 16 ? 8 : 4;

    /// <summary>The most rows of a tile.</summary>
    public static int MaxRows<TVec>()
        where TVec : struct, IVec<TVec> => TVec.Count == 16 ? 12 : 6;

    /// <summary>
    /// y = [y +] a b for a tile of <paramref name="rows"/> rows and 2 (1 if <paramref name="narrow"/>) vectors. Every element is one
    /// chain of multiply-adds in ascending depth that starts from zero, or from y on Resume: neither the tile's
    /// shape nor the cut of the depth into blocks changes its bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(int rows, bool narrow, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        if (narrow)
        {
            Multiply<TVec, N1, Alone>(rows, t);
        }
        else if (t.Packed != null)
        {
            Multiply<TVec, N2, Packing>(rows, t);
        }
        else if (t.Fetch.Lines > 0)
        {
            if (t.Fetch.Second == null)
            {
                Multiply<TVec, N2, Fetching>(rows, t);
            }
            else
            {
                Multiply<TVec, N2, FetchingThree>(rows, t);
            }
        }
        else
        {
            Multiply<TVec, N2, Alone>(rows, t);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TVectors, TAside>(int rows, in Operands t)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
        where TAside : struct, IAside
    {
        switch (rows)
        {
            case 1:
                Multiply<TVec, TVectors, N1, TAside>(t);
                break;
            case 2:
                Multiply<TVec, TVectors, N2, TAside>(t);
                break;
            case 3:
                Multiply<TVec, TVectors, N3, TAside>(t);
                break;
            case 4:
                Multiply<TVec, TVectors, N4, TAside>(t);
                break;
            case 5:
                Multiply<TVec, TVectors, N5, TAside>(t);
                break;
            case 6:
                Multiply<TVec, TVectors, N6, TAside>(t);
                break;
            case 7:
                Multiply<TVec, TVectors, N7, TAside>(t);
                break;
            case 8:
                Multiply<TVec, TVectors, N8, TAside>(t);
                break;
            case 9:
                Multiply<TVec, TVectors, N9, TAside>(t);
                break;
            case 10:
                Multiply<TVec, TVectors, N10, TAside>(t);
                break;
            case 11:
                Multiply<TVec, TVectors, N11, TAside>(t);
                break;
            case 12:
                Multiply<TVec, TVectors, N12, TAside>(t);
                break;
            default:
                Throw.IfOutside(nameof(GemmMicro), rows, 1, 12);
                break;
        }
    }

    // Single locals, not an array of vectors: only locals are kept in registers. The tests of TRows and TVectors cost nothing.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TVectors, TRows, TAside>(in Operands t)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
        where TRows : struct, INumber
        where TAside : struct, IAside
    {
        float* a0 = t.A;
        float* b = t.B;
        float* y = t.Y;
        nint row = t.RowStep;
        nint row2 = row + row;
        nint step = t.DepthStep;
        nint bStep = t.BStep;
        nint yStep = t.YStep;
        float* a3 = a0 + row + row2;
        float* a6 = a3 + row + row2;
        float* a9 = a6 + row + row2;
        float* packed = t.Packed;
        float* first = t.Fetch.First;
        float* second = t.Fetch.Second;
        float* third = t.Fetch.Third;
        nint lines = TAside.Streams > 0 && Sse.IsSupported ? t.Fetch.Lines : 0;
        nint fetchStep = t.Fetch.Step;
        nint nextStep = t.Fetch.NextStep;
        TVec l0 = TVec.Zero, l1 = TVec.Zero, l2 = TVec.Zero, l3 = TVec.Zero, l4 = TVec.Zero, l5 = TVec.Zero, l6 = TVec.Zero, l7 = TVec.Zero, l8 = TVec.Zero, l9 = TVec.Zero,
            l10 = TVec.Zero, l11 = TVec.Zero;
        TVec r0 = TVec.Zero, r1 = TVec.Zero, r2 = TVec.Zero, r3 = TVec.Zero, r4 = TVec.Zero, r5 = TVec.Zero, r6 = TVec.Zero, r7 = TVec.Zero, r8 = TVec.Zero, r9 = TVec.Zero,
            r10 = TVec.Zero, r11 = TVec.Zero;
        if (t.Resume)
        {
            l0 = TVec.Load(y + (0 * yStep));
            r0 = TVectors.Value > 1 ? TVec.Load(y + (0 * yStep) + TVec.Count) : TVec.Zero;
            if (TRows.Value > 1)
            {
                l1 = TVec.Load(y + (1 * yStep));
                r1 = TVectors.Value > 1 ? TVec.Load(y + (1 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 2)
            {
                l2 = TVec.Load(y + (2 * yStep));
                r2 = TVectors.Value > 1 ? TVec.Load(y + (2 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 3)
            {
                l3 = TVec.Load(y + (3 * yStep));
                r3 = TVectors.Value > 1 ? TVec.Load(y + (3 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 4)
            {
                l4 = TVec.Load(y + (4 * yStep));
                r4 = TVectors.Value > 1 ? TVec.Load(y + (4 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 5)
            {
                l5 = TVec.Load(y + (5 * yStep));
                r5 = TVectors.Value > 1 ? TVec.Load(y + (5 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 6)
            {
                l6 = TVec.Load(y + (6 * yStep));
                r6 = TVectors.Value > 1 ? TVec.Load(y + (6 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 7)
            {
                l7 = TVec.Load(y + (7 * yStep));
                r7 = TVectors.Value > 1 ? TVec.Load(y + (7 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 8)
            {
                l8 = TVec.Load(y + (8 * yStep));
                r8 = TVectors.Value > 1 ? TVec.Load(y + (8 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 9)
            {
                l9 = TVec.Load(y + (9 * yStep));
                r9 = TVectors.Value > 1 ? TVec.Load(y + (9 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 10)
            {
                l10 = TVec.Load(y + (10 * yStep));
                r10 = TVectors.Value > 1 ? TVec.Load(y + (10 * yStep) + TVec.Count) : TVec.Zero;
            }
            if (TRows.Value > 11)
            {
                l11 = TVec.Load(y + (11 * yStep));
                r11 = TVectors.Value > 1 ? TVec.Load(y + (11 * yStep) + TVec.Count) : TVec.Zero;
            }
        }
        for (nint depth = t.Depth; depth > 0; depth--)
        {
            TVec left = TVec.Load(b);
            TVec right = TVectors.Value > 1 ? TVec.Load(b + TVec.Count) : TVec.Zero;
            if (TAside.Packs)
            {
                left.Store(packed);
                right.Store(packed + TVec.Count);
                packed += 2 * TVec.Count;
            }
            if (TAside.Streams > 0 && lines > 0)
            {
                Sse.Prefetch0(first);
                first += fetchStep;
                if (TAside.Streams > 1)
                {
                    Sse.Prefetch0(second);
                    Sse.Prefetch0(third);
                    second += fetchStep;
                    third += fetchStep;
                }
                (fetchStep, nextStep) = (nextStep, fetchStep);
                lines--;
            }
            TVec x = TVec.Create(a0[0]);
            TVec.Accumulate(ref l0, x, left);
            VecMath.AccumulateIf(TVectors.Value > 1, ref r0, x, right);
            if (TRows.Value > 1)
            {
                x = TVec.Create(a0[row]);
                TVec.Accumulate(ref l1, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r1, x, right);
            }
            if (TRows.Value > 2)
            {
                x = TVec.Create(a0[row2]);
                TVec.Accumulate(ref l2, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r2, x, right);
            }
            if (TRows.Value > 3)
            {
                x = TVec.Create(a3[0]);
                TVec.Accumulate(ref l3, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r3, x, right);
            }
            if (TRows.Value > 4)
            {
                x = TVec.Create(a3[row]);
                TVec.Accumulate(ref l4, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r4, x, right);
            }
            if (TRows.Value > 5)
            {
                x = TVec.Create(a3[row2]);
                TVec.Accumulate(ref l5, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r5, x, right);
            }
            if (TRows.Value > 6)
            {
                x = TVec.Create(a6[0]);
                TVec.Accumulate(ref l6, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r6, x, right);
            }
            if (TRows.Value > 7)
            {
                x = TVec.Create(a6[row]);
                TVec.Accumulate(ref l7, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r7, x, right);
            }
            if (TRows.Value > 8)
            {
                x = TVec.Create(a6[row2]);
                TVec.Accumulate(ref l8, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r8, x, right);
            }
            if (TRows.Value > 9)
            {
                x = TVec.Create(a9[0]);
                TVec.Accumulate(ref l9, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r9, x, right);
            }
            if (TRows.Value > 10)
            {
                x = TVec.Create(a9[row]);
                TVec.Accumulate(ref l10, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r10, x, right);
            }
            if (TRows.Value > 11)
            {
                x = TVec.Create(a9[row2]);
                TVec.Accumulate(ref l11, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref r11, x, right);
            }
            a0 += step;
            a3 += step;
            a6 += step;
            a9 += step;
            b += bStep;
        }
        l0.Store(y + (0 * yStep));
        if (TVectors.Value > 1)
        {
            r0.Store(y + (0 * yStep) + TVec.Count);
        }
        if (TRows.Value > 1)
        {
            l1.Store(y + (1 * yStep));
            if (TVectors.Value > 1)
            {
                r1.Store(y + (1 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 2)
        {
            l2.Store(y + (2 * yStep));
            if (TVectors.Value > 1)
            {
                r2.Store(y + (2 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 3)
        {
            l3.Store(y + (3 * yStep));
            if (TVectors.Value > 1)
            {
                r3.Store(y + (3 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 4)
        {
            l4.Store(y + (4 * yStep));
            if (TVectors.Value > 1)
            {
                r4.Store(y + (4 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 5)
        {
            l5.Store(y + (5 * yStep));
            if (TVectors.Value > 1)
            {
                r5.Store(y + (5 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 6)
        {
            l6.Store(y + (6 * yStep));
            if (TVectors.Value > 1)
            {
                r6.Store(y + (6 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 7)
        {
            l7.Store(y + (7 * yStep));
            if (TVectors.Value > 1)
            {
                r7.Store(y + (7 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 8)
        {
            l8.Store(y + (8 * yStep));
            if (TVectors.Value > 1)
            {
                r8.Store(y + (8 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 9)
        {
            l9.Store(y + (9 * yStep));
            if (TVectors.Value > 1)
            {
                r9.Store(y + (9 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 10)
        {
            l10.Store(y + (10 * yStep));
            if (TVectors.Value > 1)
            {
                r10.Store(y + (10 * yStep) + TVec.Count);
            }
        }
        if (TRows.Value > 11)
        {
            l11.Store(y + (11 * yStep));
            if (TVectors.Value > 1)
            {
                r11.Store(y + (11 * yStep) + TVec.Count);
            }
        }
    }
}
