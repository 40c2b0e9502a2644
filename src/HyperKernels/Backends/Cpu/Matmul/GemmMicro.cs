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
    /// Columns with those behind them that a tile computes too: whole vectors. Up to eight take half a long one, since where a processor
    /// makes long vectors in two halves, one that is half empty takes as long as a full one.
    /// </summary>
    public static int WholeVectors<TVec>(int columns)
        where TVec : struct, IVec<TVec>
    {
        int vector = columns <= Vec256.Count ? Math.Min(Vec256.Count, TVec.Count) : TVec.Count;
        return (columns + vector - 1) / vector * vector;
    }

    /// <summary>
    /// y = [y +] a b for a tile of <paramref name="rows"/> rows and <see cref="WholeVectors"/> of <paramref name="columns"/>, 2 vectors at most. Every
    /// element is one chain of multiply-adds in ascending depth that starts from zero, or from y on Resume: neither the tile's shape nor the cut of the
    /// depth into blocks changes its bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(int rows, int columns, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        if (columns <= Vec256.Count && TVec.Count > Vec256.Count)
        {
            Multiply<Vec256, N1, Alone>(rows, t);
        }
        else if (columns <= TVec.Count)
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
        nint row6 = row2 + row2 + row2;
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
            LoadSix<TVec, TVectors>(TRows.Value, y, yStep, ref l0, ref r0, ref l1, ref r1, ref l2, ref r2, ref l3, ref r3, ref l4, ref r4, ref l5, ref r5);
            LoadSix<TVec, TVectors>(TRows.Value - 6, y + (6 * yStep), yStep, ref l6, ref r6, ref l7, ref r7, ref l8, ref r8, ref l9, ref r9, ref l10, ref r10, ref l11, ref r11);
        }
        nint depth = t.Depth;
        if (!TAside.Packs && TAside.Streams == 0)
        {
            // Two depths a turn: up to 3 % faster than one.
            for (; depth > 1; depth -= 2)
            {
                TVec left = TVec.Load(b);
                TVec right = TVectors.Value > 1 ? TVec.Load(b + TVec.Count) : TVec.Zero;
                AddSix<TVec, TVectors>(TRows.Value, a0, a3, row, row2, left, right, ref l0, ref r0, ref l1, ref r1, ref l2, ref r2, ref l3, ref r3, ref l4, ref r4, ref l5, ref r5);
                AddSix<TVec, TVectors>(TRows.Value - 6, a0 + row6, a3 + row6, row, row2, left, right,
                    ref l6, ref r6, ref l7, ref r7, ref l8, ref r8, ref l9, ref r9, ref l10, ref r10, ref l11, ref r11);
                a0 += step;
                a3 += step;
                b += bStep;
                left = TVec.Load(b);
                right = TVectors.Value > 1 ? TVec.Load(b + TVec.Count) : TVec.Zero;
                AddSix<TVec, TVectors>(TRows.Value, a0, a3, row, row2, left, right, ref l0, ref r0, ref l1, ref r1, ref l2, ref r2, ref l3, ref r3, ref l4, ref r4, ref l5, ref r5);
                AddSix<TVec, TVectors>(TRows.Value - 6, a0 + row6, a3 + row6, row, row2, left, right,
                    ref l6, ref r6, ref l7, ref r7, ref l8, ref r8, ref l9, ref r9, ref l10, ref r10, ref l11, ref r11);
                a0 += step;
                a3 += step;
                b += bStep;
            }
        }
        for (; depth > 0; depth--)
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
            AddSix<TVec, TVectors>(TRows.Value, a0, a3, row, row2, left, right, ref l0, ref r0, ref l1, ref r1, ref l2, ref r2, ref l3, ref r3, ref l4, ref r4, ref l5, ref r5);
            AddSix<TVec, TVectors>(TRows.Value - 6, a0 + row6, a3 + row6, row, row2, left, right,
                ref l6, ref r6, ref l7, ref r7, ref l8, ref r8, ref l9, ref r9, ref l10, ref r10, ref l11, ref r11);
            a0 += step;
            a3 += step;
            b += bStep;
        }
        StoreSix<TVec, TVectors>(TRows.Value, y, yStep, l0, r0, l1, r1, l2, r2, l3, r3, l4, r4, l5, r5);
        StoreSix<TVec, TVectors>(TRows.Value - 6, y + (6 * yStep), yStep, l6, r6, l7, r7, l8, r8, l9, r9, l10, r10, l11, r11);
    }

    // What follows is for up to six rows, of which those behind the last are left out when it is compiled.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadSix<TVec, TVectors>(int rows, float* y, nint step,
        ref TVec l0, ref TVec r0, ref TVec l1, ref TVec r1, ref TVec l2, ref TVec r2, ref TVec l3, ref TVec r3, ref TVec l4, ref TVec r4, ref TVec l5, ref TVec r5)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        LoadRow<TVec, TVectors>(rows > 0, y, ref l0, ref r0);
        LoadRow<TVec, TVectors>(rows > 1, y + step, ref l1, ref r1);
        LoadRow<TVec, TVectors>(rows > 2, y + (2 * step), ref l2, ref r2);
        LoadRow<TVec, TVectors>(rows > 3, y + (3 * step), ref l3, ref r3);
        LoadRow<TVec, TVectors>(rows > 4, y + (4 * step), ref l4, ref r4);
        LoadRow<TVec, TVectors>(rows > 5, y + (5 * step), ref l5, ref r5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void LoadRow<TVec, TVectors>(bool exists, float* y, ref TVec left, ref TVec right)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        if (exists)
        {
            left = TVec.Load(y);
            right = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddSix<TVec, TVectors>(int rows, float* a0, float* a3, nint row, nint row2, TVec left, TVec right,
        ref TVec l0, ref TVec r0, ref TVec l1, ref TVec r1, ref TVec l2, ref TVec r2, ref TVec l3, ref TVec r3, ref TVec l4, ref TVec r4, ref TVec l5, ref TVec r5)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        AddRow<TVec, TVectors>(rows > 0, a0, left, right, ref l0, ref r0);
        AddRow<TVec, TVectors>(rows > 1, a0 + row, left, right, ref l1, ref r1);
        AddRow<TVec, TVectors>(rows > 2, a0 + row2, left, right, ref l2, ref r2);
        AddRow<TVec, TVectors>(rows > 3, a3, left, right, ref l3, ref r3);
        AddRow<TVec, TVectors>(rows > 4, a3 + row, left, right, ref l4, ref r4);
        AddRow<TVec, TVectors>(rows > 5, a3 + row2, left, right, ref l5, ref r5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddRow<TVec, TVectors>(bool exists, float* a, TVec left, TVec right, ref TVec leftSum, ref TVec rightSum)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        if (exists)
        {
            TVec x = TVec.Create(*a);
            TVec.Accumulate(ref leftSum, x, left);
            VecMath.AccumulateIf(TVectors.Value > 1, ref rightSum, x, right);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreSix<TVec, TVectors>(int rows, float* y, nint step,
        TVec l0, TVec r0, TVec l1, TVec r1, TVec l2, TVec r2, TVec l3, TVec r3, TVec l4, TVec r4, TVec l5, TVec r5)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        StoreRow<TVec, TVectors>(rows > 0, y, l0, r0);
        StoreRow<TVec, TVectors>(rows > 1, y + step, l1, r1);
        StoreRow<TVec, TVectors>(rows > 2, y + (2 * step), l2, r2);
        StoreRow<TVec, TVectors>(rows > 3, y + (3 * step), l3, r3);
        StoreRow<TVec, TVectors>(rows > 4, y + (4 * step), l4, r4);
        StoreRow<TVec, TVectors>(rows > 5, y + (5 * step), l5, r5);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreRow<TVec, TVectors>(bool exists, float* y, TVec left, TVec right)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        if (exists)
        {
            left.Store(y);
            if (TVectors.Value > 1)
            {
                right.Store(y + TVec.Count);
            }
        }
    }
}
