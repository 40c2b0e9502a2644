using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// The activations, one by one: elementwise ops and what finishes a matrix product compile them into their loops. p is the slope, the scale or the frequency.

internal readonly struct IdentityMap : IMap
{
    public static int Operands => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => a;
}

internal readonly struct ReluMap : IMap
{
    public static int Operands => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => TVec.MaxNative(TVec.Zero, a);
}

internal readonly struct LeakyReluMap : IMap
{
    public static int Operands => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(a, TVec.Zero), a * p, a);
}

internal readonly struct EluMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(a, TVec.Zero), VecMath.ExpMinusOne(a) * p, a);
}

internal readonly struct TanhMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => VecMath.Tanh(a);
}

internal readonly struct SigmoidMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => VecMath.Sigmoid(a);
}

internal readonly struct SiluMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => a * VecMath.Sigmoid(a);
}

internal readonly struct SoftplusMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => VecMath.Softplus(a);
}

internal readonly struct GeluMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => VecMath.GeluErf(a);
}

internal readonly struct GeluTanhMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => VecMath.GeluTanh(a);
}

internal readonly struct SineMap : IMap
{
    public static int Operands => 1;

    public static int Cost => IMap.FunctionCost;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
        where TVec : struct, IVec<TVec> => TVec.Sin(a * p);
}
