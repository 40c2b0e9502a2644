using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// The register tile of a convolution without patches: up to 8 rows by 3 vectors at 512 bits (24 of 32 registers), up to 4 by 3 below
/// (12 of 16). It is the tile of <see cref="GemmMicro"/>, except that every step of the depth finds its operands through a table: the
/// pixels that a kernel position sees are the image itself, shifted.
/// </summary>
internal static unsafe class ConvMicro
{
    /// <summary>The most vectors of a tile.</summary>
    public const int MaxVectors = 3;

    /// <summary>The most rows of a tile.</summary>
    public static int MaxRows<TVec>()
        where TVec : struct, IVec<TVec> => TVec.Count == 16 ? 8 : 4;

    /// <summary>
    /// y = [y +] a b for a tile of <paramref name="rows"/> rows and <paramref name="vectors"/> vectors. Every element is one chain of
    /// multiply-adds in the table's order that starts from zero, or from y on Resume: neither the tile's shape nor a cut of the depth
    /// changes its bits.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<TVec>(int rows, int vectors, in Operands t)
        where TVec : struct, IVec<TVec>
    {
        switch (vectors)
        {
            case 1:
                Multiply<TVec, N1>(rows, t);
                break;
            case 2:
                Multiply<TVec, N2>(rows, t);
                break;
            default:
                Multiply<TVec, N3>(rows, t);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TVectors>(int rows, in Operands t)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        switch (rows)
        {
            case 1:
                Multiply<TVec, TVectors, N1>(t);
                break;
            case 2:
                Multiply<TVec, TVectors, N2>(t);
                break;
            case 3:
                Multiply<TVec, TVectors, N3>(t);
                break;
            case 4:
                Multiply<TVec, TVectors, N4>(t);
                break;
            case 5:
                Multiply<TVec, TVectors, N5>(t);
                break;
            case 6:
                Multiply<TVec, TVectors, N6>(t);
                break;
            case 7:
                Multiply<TVec, TVectors, N7>(t);
                break;
            case 8:
                Multiply<TVec, TVectors, N8>(t);
                break;
            default:
                Throw.IfOutside(nameof(ConvMicro), rows, 1, 8);
                break;
        }
    }

    // Single locals, not an array of vectors: only locals are kept in registers. The tests of TRows and TVectors cost nothing.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TVectors, TRows>(in Operands t)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
        where TRows : struct, INumber
    {
        float* a = t.A;
        float* b = t.B;
        float* y = t.Y;
        nint row = t.RowStep;
        nint row2 = row + row;
        nint row3 = row + row2;
        nint yStep = t.YStep;
        TVec l0 = TVec.Zero, l1 = TVec.Zero, l2 = TVec.Zero, l3 = TVec.Zero, l4 = TVec.Zero, l5 = TVec.Zero, l6 = TVec.Zero, l7 = TVec.Zero;
        TVec m0 = TVec.Zero, m1 = TVec.Zero, m2 = TVec.Zero, m3 = TVec.Zero, m4 = TVec.Zero, m5 = TVec.Zero, m6 = TVec.Zero, m7 = TVec.Zero;
        TVec r0 = TVec.Zero, r1 = TVec.Zero, r2 = TVec.Zero, r3 = TVec.Zero, r4 = TVec.Zero, r5 = TVec.Zero, r6 = TVec.Zero, r7 = TVec.Zero;
        if (t.Resume)
        {
            l0 = TVec.Load(y);
            m0 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
            r0 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
            y += yStep;
            if (TRows.Value > 1)
            {
                l1 = TVec.Load(y);
                m1 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r1 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 2)
            {
                l2 = TVec.Load(y);
                m2 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r2 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 3)
            {
                l3 = TVec.Load(y);
                m3 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r3 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 4)
            {
                l4 = TVec.Load(y);
                m4 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r4 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 5)
            {
                l5 = TVec.Load(y);
                m5 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r5 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 6)
            {
                l6 = TVec.Load(y);
                m6 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r6 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
                y += yStep;
            }
            if (TRows.Value > 7)
            {
                l7 = TVec.Load(y);
                m7 = TVectors.Value > 1 ? TVec.Load(y + TVec.Count) : TVec.Zero;
                r7 = TVectors.Value > 2 ? TVec.Load(y + (2 * TVec.Count)) : TVec.Zero;
            }
            y = t.Y;
        }
        Step* step = t.Steps;
        for (nint depth = t.Depth; depth > 0; depth--)
        {
            float* a0 = a + step->A;
            float* b0 = b + step->B;
            float* a3 = a0 + row3;
            float* a6 = a3 + row3;
            TVec left = TVec.Load(b0);
            TVec middle = TVectors.Value > 1 ? TVec.Load(b0 + TVec.Count) : TVec.Zero;
            TVec right = TVectors.Value > 2 ? TVec.Load(b0 + (2 * TVec.Count)) : TVec.Zero;
            TVec x = TVec.Create(a0[0]);
            TVec.Accumulate(ref l0, x, left);
            VecMath.AccumulateIf(TVectors.Value > 1, ref m0, x, middle);
            VecMath.AccumulateIf(TVectors.Value > 2, ref r0, x, right);
            if (TRows.Value > 1)
            {
                x = TVec.Create(a0[row]);
                TVec.Accumulate(ref l1, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m1, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r1, x, right);
            }
            if (TRows.Value > 2)
            {
                x = TVec.Create(a0[row2]);
                TVec.Accumulate(ref l2, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m2, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r2, x, right);
            }
            if (TRows.Value > 3)
            {
                x = TVec.Create(a3[0]);
                TVec.Accumulate(ref l3, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m3, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r3, x, right);
            }
            if (TRows.Value > 4)
            {
                x = TVec.Create(a3[row]);
                TVec.Accumulate(ref l4, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m4, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r4, x, right);
            }
            if (TRows.Value > 5)
            {
                x = TVec.Create(a3[row2]);
                TVec.Accumulate(ref l5, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m5, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r5, x, right);
            }
            if (TRows.Value > 6)
            {
                x = TVec.Create(a6[0]);
                TVec.Accumulate(ref l6, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m6, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r6, x, right);
            }
            if (TRows.Value > 7)
            {
                x = TVec.Create(a6[row]);
                TVec.Accumulate(ref l7, x, left);
                VecMath.AccumulateIf(TVectors.Value > 1, ref m7, x, middle);
                VecMath.AccumulateIf(TVectors.Value > 2, ref r7, x, right);
            }
            step++;
        }
        Store<TVec, TVectors>(y, l0, m0, r0);
        if (TRows.Value > 1)
        {
            Store<TVec, TVectors>(y + (1 * yStep), l1, m1, r1);
        }
        if (TRows.Value > 2)
        {
            Store<TVec, TVectors>(y + (2 * yStep), l2, m2, r2);
        }
        if (TRows.Value > 3)
        {
            Store<TVec, TVectors>(y + (3 * yStep), l3, m3, r3);
        }
        if (TRows.Value > 4)
        {
            Store<TVec, TVectors>(y + (4 * yStep), l4, m4, r4);
        }
        if (TRows.Value > 5)
        {
            Store<TVec, TVectors>(y + (5 * yStep), l5, m5, r5);
        }
        if (TRows.Value > 6)
        {
            Store<TVec, TVectors>(y + (6 * yStep), l6, m6, r6);
        }
        if (TRows.Value > 7)
        {
            Store<TVec, TVectors>(y + (7 * yStep), l7, m7, r7);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVec, TVectors>(float* y, TVec left, TVec middle, TVec right)
        where TVec : struct, IVec<TVec>
        where TVectors : struct, INumber
    {
        left.Store(y);
        if (TVectors.Value > 1)
        {
            middle.Store(y + TVec.Count);
        }
        if (TVectors.Value > 2)
        {
            right.Store(y + (2 * TVec.Count));
        }
    }

    /// <summary>Where a step of the depth finds its operands, in floats.</summary>
    internal struct Step
    {
        public int A;
        public int B;
    }

    /// <summary>Where a tile's operands are; steps in floats.</summary>
    internal struct Operands
    {
        /// <summary>Row r at depth d is <c>A[r * RowStep + Steps[d].A]</c>.</summary>
        public float* A;
        public nint RowStep;

        /// <summary>Depth d starts at <c>B[Steps[d].B]</c>.</summary>
        public float* B;
        public float* Y;
        public nint YStep;
        public Step* Steps;
        public nint Depth;
        public bool Resume;
    }
}
