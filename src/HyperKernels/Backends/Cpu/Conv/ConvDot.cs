using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A register tile of dot products along contiguous rows: up to 4 rows of a by 6 rows of b at 512 bits (24 of 32 registers), up to
/// 4 by 2 below. Used where the sum runs over pixels, so that neither side has to be transposed.
/// </summary>
internal static unsafe class ConvDot
{
    /// <summary>Rows of a in a tile.</summary>
    public const int Rows = 4;

    /// <summary>Rows of b in a tile.</summary>
    public static int Columns<TVec>()
        where TVec : struct, IVec<TVec> => TVec.Count == 16 ? 6 : 2;

    /// <summary>
    /// sums[r, c] += a[r, :] * b[c, :], lane by lane; the caller adds up the lanes at the end. b's rows are filled with zeros up to a
    /// whole vector; a's need not be.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(int rows, int columns, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        switch (rows)
        {
            case 1:
                Multiply<TVec, N1>(columns, t);
                break;
            case 2:
                Multiply<TVec, N2>(columns, t);
                break;
            case 3:
                Multiply<TVec, N3>(columns, t);
                break;
            default:
                Multiply<TVec, N4>(columns, t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TRows>(int columns, in Operands t)
        where TVec : struct, IVec<TVec>
        where TRows : struct, INumber
    {
        switch (columns)
        {
            case 1:
                Multiply<TVec, TRows, N1>(t);
                break;
            case 2:
                Multiply<TVec, TRows, N2>(t);
                break;
            case 3:
                Multiply<TVec, TRows, N3>(t);
                break;
            case 4:
                Multiply<TVec, TRows, N4>(t);
                break;
            case 5:
                Multiply<TVec, TRows, N5>(t);
                break;
            default:
                Multiply<TVec, TRows, N6>(t);
                break;
        }
    }

    // Single locals, not an array of vectors: only locals are kept in registers. The tests of TRows and TColumns cost nothing.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TRows, TColumns>(in Operands t)
        where TVec : struct, IVec<TVec>
        where TRows : struct, INumber
        where TColumns : struct, INumber
    {
        float* a0 = t.A;
        nint stepA = t.StepA;
        nint stepB = t.StepB;
        float* b0 = t.B;
        float* b3 = b0 + (3 * stepB);
        float* sums = t.Sums;
        nint row = t.RowSums;
        TVec s00 = TVec.Zero, s01 = TVec.Zero, s02 = TVec.Zero, s03 = TVec.Zero, s04 = TVec.Zero, s05 = TVec.Zero;
        TVec s10 = TVec.Zero, s11 = TVec.Zero, s12 = TVec.Zero, s13 = TVec.Zero, s14 = TVec.Zero, s15 = TVec.Zero;
        TVec s20 = TVec.Zero, s21 = TVec.Zero, s22 = TVec.Zero, s23 = TVec.Zero, s24 = TVec.Zero, s25 = TVec.Zero;
        TVec s30 = TVec.Zero, s31 = TVec.Zero, s32 = TVec.Zero, s33 = TVec.Zero, s34 = TVec.Zero, s35 = TVec.Zero;
        nint count = t.Count;
        while (count > 0)
        {
            bool whole = count >= TVec.Count;
            TVec x0 = whole ? TVec.Load(a0) : TVec.LoadPartial(a0, (int)count);
            TVec x1 = TRows.Value <= 1 ? TVec.Zero : whole ? TVec.Load(a0 + (1 * stepA)) : TVec.LoadPartial(a0 + (1 * stepA), (int)count);
            TVec x2 = TRows.Value <= 2 ? TVec.Zero : whole ? TVec.Load(a0 + (2 * stepA)) : TVec.LoadPartial(a0 + (2 * stepA), (int)count);
            TVec x3 = TRows.Value <= 3 ? TVec.Zero : whole ? TVec.Load(a0 + (3 * stepA)) : TVec.LoadPartial(a0 + (3 * stepA), (int)count);
            TVec y = TVec.Load(b0);
            TVec.Accumulate(ref s00, x0, y);
            VecMath.AccumulateIf(TRows.Value > 1, ref s10, x1, y);
            VecMath.AccumulateIf(TRows.Value > 2, ref s20, x2, y);
            VecMath.AccumulateIf(TRows.Value > 3, ref s30, x3, y);
            if (TColumns.Value > 1)
            {
                y = TVec.Load(b0 + stepB);
                TVec.Accumulate(ref s01, x0, y);
                VecMath.AccumulateIf(TRows.Value > 1, ref s11, x1, y);
                VecMath.AccumulateIf(TRows.Value > 2, ref s21, x2, y);
                VecMath.AccumulateIf(TRows.Value > 3, ref s31, x3, y);
            }
            if (TColumns.Value > 2)
            {
                y = TVec.Load(b0 + (2 * stepB));
                TVec.Accumulate(ref s02, x0, y);
                VecMath.AccumulateIf(TRows.Value > 1, ref s12, x1, y);
                VecMath.AccumulateIf(TRows.Value > 2, ref s22, x2, y);
                VecMath.AccumulateIf(TRows.Value > 3, ref s32, x3, y);
            }
            if (TColumns.Value > 3)
            {
                y = TVec.Load(b3);
                TVec.Accumulate(ref s03, x0, y);
                VecMath.AccumulateIf(TRows.Value > 1, ref s13, x1, y);
                VecMath.AccumulateIf(TRows.Value > 2, ref s23, x2, y);
                VecMath.AccumulateIf(TRows.Value > 3, ref s33, x3, y);
            }
            if (TColumns.Value > 4)
            {
                y = TVec.Load(b3 + stepB);
                TVec.Accumulate(ref s04, x0, y);
                VecMath.AccumulateIf(TRows.Value > 1, ref s14, x1, y);
                VecMath.AccumulateIf(TRows.Value > 2, ref s24, x2, y);
                VecMath.AccumulateIf(TRows.Value > 3, ref s34, x3, y);
            }
            if (TColumns.Value > 5)
            {
                y = TVec.Load(b3 + (2 * stepB));
                TVec.Accumulate(ref s05, x0, y);
                VecMath.AccumulateIf(TRows.Value > 1, ref s15, x1, y);
                VecMath.AccumulateIf(TRows.Value > 2, ref s25, x2, y);
                VecMath.AccumulateIf(TRows.Value > 3, ref s35, x3, y);
            }
            a0 += TVec.Count;
            b0 += TVec.Count;
            b3 += TVec.Count;
            count -= TVec.Count;
        }
        Store<TVec, TColumns>(sums, s00, s01, s02, s03, s04, s05);
        if (TRows.Value > 1)
        {
            Store<TVec, TColumns>(sums + (1 * row), s10, s11, s12, s13, s14, s15);
        }
        if (TRows.Value > 2)
        {
            Store<TVec, TColumns>(sums + (2 * row), s20, s21, s22, s23, s24, s25);
        }
        if (TRows.Value > 3)
        {
            Store<TVec, TColumns>(sums + (3 * row), s30, s31, s32, s33, s34, s35);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVec, TColumns>(float* sums, TVec s0, TVec s1, TVec s2, TVec s3, TVec s4, TVec s5)
        where TVec : struct, IVec<TVec>
        where TColumns : struct, INumber
    {
        Add(sums, s0);
        if (TColumns.Value > 1)
        {
            Add(sums + (1 * TVec.Count), s1);
        }
        if (TColumns.Value > 2)
        {
            Add(sums + (2 * TVec.Count), s2);
        }
        if (TColumns.Value > 3)
        {
            Add(sums + (3 * TVec.Count), s3);
        }
        if (TColumns.Value > 4)
        {
            Add(sums + (4 * TVec.Count), s4);
        }
        if (TColumns.Value > 5)
        {
            Add(sums + (5 * TVec.Count), s5);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Add<TVec>(float* sums, TVec value)
        where TVec : struct, IVec<TVec> => (TVec.Load(sums) + value).Store(sums);

    /// <summary>Where a tile's operands are; steps in floats.</summary>
    internal struct Operands
    {
        public float* A;
        public nint StepA;
        public float* B;
        public nint StepB;

        /// <summary>Elements of each row.</summary>
        public nint Count;

        /// <summary>One vector per dot product, <c>[rows, columns]</c>.</summary>
        public float* Sums;

        /// <summary>Floats from one row of sums to the next.</summary>
        public nint RowSums;
    }
}
