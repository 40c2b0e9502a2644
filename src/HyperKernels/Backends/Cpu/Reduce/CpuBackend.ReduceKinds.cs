using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// The arithmetic of reductions.
internal sealed unsafe partial class CpuBackend
{
    private readonly struct SumReduction : IReduction
    {
        public static float Empty => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => sum + x;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.Sum(a);
    }

    private readonly struct SumAbsReduction : IReduction
    {
        public static float Empty => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => sum + TVec.Abs(x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.Sum(a);
    }

    private readonly struct SumSquaresReduction : IReduction
    {
        public static float Empty => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => TVec.MultiplyAdd(x, x, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.Sum(a);
    }

    private readonly struct SumSquaredDeviationsReduction : IReduction
    {
        public static float Empty => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => TVec.MultiplyAdd(x - center, x - center, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.Sum(a);
    }

    private readonly struct SumExpReduction : IReduction
    {
        public static float Empty => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => sum + TVec.Exp(x - center);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => a + b;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.Sum(a);
    }

    private readonly struct MaxReduction : IReduction
    {
        public static float Empty => float.NegativeInfinity;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => TVec.Max(sum, x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => TVec.Max(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => TVec.MaxOf(a);
    }

    private readonly struct MinReduction : IReduction
    {
        public static float Empty => float.PositiveInfinity;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Step<TVec>(TVec sum, TVec x, TVec center)
            where TVec : struct, IVec<TVec> => TVec.Min(sum, x);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Join<TVec>(TVec a, TVec b)
            where TVec : struct, IVec<TVec> => TVec.Min(a, b);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static float Across<TVec>(TVec a)
            where TVec : struct, IVec<TVec> => -TVec.MaxOf(-a);
    }
}
