using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

// What several families do along a row.
internal sealed unsafe partial class CpuBackend
{
    // Floats of a row that are added up as such: few enough that rounding does not show, also in scalar code.
    private const int SumPiece = 512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec LoadLanes<TVec>(float* source, int lanes)
        where TVec : struct, IVec<TVec> => lanes == TVec.Count ? TVec.Load(source) : TVec.LoadPartial(source, lanes);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreLanes<TVec>(TVec value, float* destination, int lanes)
        where TVec : struct, IVec<TVec>
    {
        if (lanes == TVec.Count)
        {
            value.Store(destination);
        }
        else
        {
            value.StorePartial(destination, lanes);
        }
    }

    /// <summary>Requests the cache lines of floats that will be read soon; lines far behind the first are left to the processor.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch(float* start, int floats, int most = 256)
    {
        const int FloatsPerLine = 16;
        if (Sse.IsSupported)
        {
            for (int i = 0; i < floats && i < most; i += FloatsPerLine)
            {
                Sse.Prefetch0(start + i);
            }
        }
    }

    /// <summary>y = f(a, b, c) along contiguous rows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MapRow<TVec, TMap>(float* a, float* b, float* c, float* y, int count, float parameterP, float parameterQ)
        where TVec : struct, IVec<TVec>
        where TMap : struct, IMap
    {
        TVec p = TVec.Create(parameterP);
        TVec q = TVec.Create(parameterQ);
        int i = 0;
        for (; i <= count - TVec.Count; i += TVec.Count)
        {
            TVec valueA = TVec.Load(a + i);
            TVec valueB = TMap.Operands > 1 ? TVec.Load(b + i) : valueA;
            TVec valueC = TMap.Operands > 2 ? TVec.Load(c + i) : valueA;
            TMap.Apply(valueA, valueB, valueC, p, q).Store(y + i);
        }
        if (i < count)
        {
            int rest = count - i;
            TVec valueA = TVec.LoadPartial(a + i, rest);
            TVec valueB = TMap.Operands > 1 ? TVec.LoadPartial(b + i, rest) : valueA;
            TVec valueC = TMap.Operands > 2 ? TVec.LoadPartial(c + i, rest) : valueA;
            TMap.Apply(valueA, valueB, valueC, p, q).StorePartial(y + i, rest);
        }
    }

    /// <summary>The sum over a contiguous row of what <typeparamref name="TTerm"/> makes of its elements; pieces of floats are added up in doubles.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static double SumRow<TVec, TTerm>(float* a, float* b, float shift, long count)
        where TVec : struct, IVec<TVec>
        where TTerm : struct, ISumTerm
    {
        double sum = 0;
        TVec by = TVec.Create(shift);
        float* lanes = stackalloc float[16];
        for (long start = 0; start < count; start += SumPiece)
        {
            int end = (int)Math.Min(SumPiece, count - start);
            float* first = a + start;
            float* second = b + start;
            TVec even = TVec.Zero;
            TVec odd = TVec.Zero;
            int i = 0;
            for (; i <= end - (2 * TVec.Count); i += 2 * TVec.Count)
            {
                even += TTerm.Of(TVec.Load(first + i), TTerm.TwoOperands ? TVec.Load(second + i) : by, by);
                odd += TTerm.Of(TVec.Load(first + i + TVec.Count), TTerm.TwoOperands ? TVec.Load(second + i + TVec.Count) : by, by);
            }
            for (; i <= end - TVec.Count; i += TVec.Count)
            {
                even += TTerm.Of(TVec.Load(first + i), TTerm.TwoOperands ? TVec.Load(second + i) : by, by);
            }
            if (i < end)
            {
                // Lanes behind the end must add nothing, whatever the term makes of a zero.
                TVec.Zero.Store(lanes);
                int rest = end - i;
                TTerm.Of(TVec.LoadPartial(first + i, rest), TTerm.TwoOperands ? TVec.LoadPartial(second + i, rest) : by, by).StorePartial(lanes, rest);
                odd += TVec.Load(lanes);
            }
            sum += TVec.Sum(even + odd);
        }
        return sum;
    }

    /// <summary>What a sum adds up for each element.</summary>
    private interface ISumTerm
    {
        static abstract bool TwoOperands { get; }

        static abstract TVec Of<TVec>(TVec a, TVec b, TVec shift)
            where TVec : struct, IVec<TVec>;
    }

    /// <summary><c>a</c></summary>
    private readonly struct ElementTerm : ISumTerm
    {
        public static bool TwoOperands => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of<TVec>(TVec a, TVec b, TVec shift)
            where TVec : struct, IVec<TVec> => a;
    }

    /// <summary><c>a b</c></summary>
    private readonly struct ProductTerm : ISumTerm
    {
        public static bool TwoOperands => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of<TVec>(TVec a, TVec b, TVec shift)
            where TVec : struct, IVec<TVec> => a * b;
    }

    /// <summary><c>(a - shift)^2</c></summary>
    private readonly struct SquareTerm : ISumTerm
    {
        public static bool TwoOperands => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of<TVec>(TVec a, TVec b, TVec shift)
            where TVec : struct, IVec<TVec> => (a - shift) * (a - shift);
    }

    /// <summary><c>e^(a - shift)</c></summary>
    private readonly struct ExpTerm : ISumTerm
    {
        public static bool TwoOperands => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Of<TVec>(TVec a, TVec b, TVec shift)
            where TVec : struct, IVec<TVec> => TVec.Exp(a - shift);
    }
}
