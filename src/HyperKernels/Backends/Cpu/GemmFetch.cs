using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A register tile as that of <see cref="GemmMicro"/>, with the same bits, for products that memory keeps waiting: while it multiplies, it
/// fetches what comes next, a line at a time. Requests in bursts between tiles are more than a core keeps in mind, and are dropped.
/// </summary>
internal static unsafe class GemmFetch
{
    /// <summary>Floats in a line of the cache.</summary>
    public const int Line = 16;

    /// <summary>Rows of the tile, by two vectors: 16 of 32 registers hold sums, or 8 of 16.</summary>
    public static int Rows<TVec>()
        where TVec : struct, IVec<TVec> => TVec.Count == 16 ? 8 : 4;

    /// <summary>y = [y +] a b for a whole tile.</summary>
    public static void Multiply<TVec, TStreams>(in GemmMicro.Operands t, in Fetch fetch)
        where TVec : struct, IVec<TVec>
        where TStreams : struct, INumber
    {
        if (TVec.Count == 16)
        {
            Multiply<TVec, TStreams, N8>(t, fetch);
        }
        else
        {
            Multiply<TVec, TStreams, N4>(t, fetch);
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Multiply<TVec, TStreams, TRows>(in GemmMicro.Operands t, in Fetch fetch)
        where TVec : struct, IVec<TVec>
        where TStreams : struct, INumber
        where TRows : struct, INumber
    {
        TVec l0 = TVec.Zero, l1 = TVec.Zero, l2 = TVec.Zero, l3 = TVec.Zero, l4 = TVec.Zero, l5 = TVec.Zero, l6 = TVec.Zero, l7 = TVec.Zero;
        TVec r0 = TVec.Zero, r1 = TVec.Zero, r2 = TVec.Zero, r3 = TVec.Zero, r4 = TVec.Zero, r5 = TVec.Zero, r6 = TVec.Zero, r7 = TVec.Zero;
        float* y = t.Y;
        nint yStep = t.YStep;
        if (t.Resume)
        {
            Load(y, out l0, out r0);
            Load(y + yStep, out l1, out r1);
            Load(y + (2 * yStep), out l2, out r2);
            Load(y + (3 * yStep), out l3, out r3);
            if (TRows.Value > 4)
            {
                Load(y + (4 * yStep), out l4, out r4);
                Load(y + (5 * yStep), out l5, out r5);
                Load(y + (6 * yStep), out l6, out r6);
                Load(y + (7 * yStep), out l7, out r7);
            }
        }
        nint row = t.RowStep;
        nint step = t.DepthStep;
        nint bStep = t.BStep;
        float* b = t.B;
        float* a0 = t.A;
        float* a3 = a0 + (3 * row);
        float* a6 = a3 + (3 * row);
        float* first = fetch.First;
        float* second = fetch.Second;
        float* third = fetch.Third;
        nint lines = Sse.IsSupported ? fetch.Lines : 0;
        nint next = Line;
        nint other = fetch.Step - Line;
        for (nint depth = t.Depth; depth > 0; depth--)
        {
            if (lines > 0)
            {
                Sse.Prefetch0(first);
                first += next;
                if (TStreams.Value > 1)
                {
                    Sse.Prefetch0(second);
                    Sse.Prefetch0(third);
                    second += next;
                    third += next;
                }
                (next, other) = (other, next);
                lines--;
            }
            TVec left = TVec.Load(b);
            TVec right = TVec.Load(b + TVec.Count);
            TVec x = TVec.Create(a0[0]);
            l0 = TVec.MultiplyAdd(x, left, l0);
            r0 = TVec.MultiplyAdd(x, right, r0);
            x = TVec.Create(a0[row]);
            l1 = TVec.MultiplyAdd(x, left, l1);
            r1 = TVec.MultiplyAdd(x, right, r1);
            x = TVec.Create(a0[2 * row]);
            l2 = TVec.MultiplyAdd(x, left, l2);
            r2 = TVec.MultiplyAdd(x, right, r2);
            x = TVec.Create(a3[0]);
            l3 = TVec.MultiplyAdd(x, left, l3);
            r3 = TVec.MultiplyAdd(x, right, r3);
            if (TRows.Value > 4)
            {
                x = TVec.Create(a3[row]);
                l4 = TVec.MultiplyAdd(x, left, l4);
                r4 = TVec.MultiplyAdd(x, right, r4);
                x = TVec.Create(a3[2 * row]);
                l5 = TVec.MultiplyAdd(x, left, l5);
                r5 = TVec.MultiplyAdd(x, right, r5);
                x = TVec.Create(a6[0]);
                l6 = TVec.MultiplyAdd(x, left, l6);
                r6 = TVec.MultiplyAdd(x, right, r6);
                x = TVec.Create(a6[row]);
                l7 = TVec.MultiplyAdd(x, left, l7);
                r7 = TVec.MultiplyAdd(x, right, r7);
            }
            a0 += step;
            a3 += step;
            a6 += step;
            b += bStep;
        }
        Store(l0, r0, y);
        Store(l1, r1, y + yStep);
        Store(l2, r2, y + (2 * yStep));
        Store(l3, r3, y + (3 * yStep));
        if (TRows.Value > 4)
        {
            Store(l4, r4, y + (4 * yStep));
            Store(l5, r5, y + (5 * yStep));
            Store(l6, r6, y + (6 * yStep));
            Store(l7, r7, y + (7 * yStep));
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Load<TVec>(float* y, out TVec left, out TVec right)
        where TVec : struct, IVec<TVec>
    {
        left = TVec.Load(y);
        right = TVec.Load(y + TVec.Count);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TVec>(TVec left, TVec right, float* y)
        where TVec : struct, IVec<TVec>
    {
        left.Store(y);
        right.Store(y + TVec.Count);
    }

    /// <summary>What to fetch: pairs of lines from one place, or from three at once, a step between the pairs.</summary>
    internal struct Fetch
    {
        public float* First;
        public float* Second;
        public float* Third;
        public nint Step;
        public int Lines;
    }
}
