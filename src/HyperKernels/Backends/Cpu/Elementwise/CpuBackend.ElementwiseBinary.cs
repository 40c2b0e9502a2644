using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// The arithmetic of elementwise ops with two and three operands.
internal sealed unsafe partial class CpuBackend
{
    private readonly struct AddMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a + b;
    }

    private readonly struct SubtractMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a - b;
    }

    private readonly struct MultiplyMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a * b;
    }

    private readonly struct DivideMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a / b;
    }

    private readonly struct PowerMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => Power(a, b);
    }

    private readonly struct MinimumMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Min(a, b);
    }

    private readonly struct MaximumMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Max(a, b);
    }

    private readonly struct LessMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(a, b), TVec.Create(1), TVec.Zero);
    }

    private readonly struct LessOrEqualMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(a, b), TVec.Create(1), TVec.Select(TVec.Equal(a, b), TVec.Create(1), TVec.Zero));
    }

    private readonly struct WhereMap : IMap
    {
        public static int Operands => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.Equal(a, TVec.Zero), c, b);
    }

    private readonly struct MultiplyAddMap : IMap
    {
        public static int Operands => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.MultiplyAdd(a, b, c);
    }

    // A call: some 250 instructions for 8 lanes are too many in every loop.
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static TVec Power<TVec>(TVec a, TVec b)
        where TVec : struct, IVec<TVec> => TVec.Pow(a, b);
}
