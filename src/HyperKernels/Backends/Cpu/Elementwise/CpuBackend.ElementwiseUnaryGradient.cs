using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// Derivatives of functions of one value, times the gradient b; a is x or y.
internal sealed unsafe partial class CpuBackend
{
    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q)
    {
        // Two operands are read: the gradient, and x or y, whichever gives the derivative with less work.
        Broadcast two = sizes;
        two.StrideB = sizes.StrideC;
        Broadcast twoOfY = two;
        twoOfY.StrideA = sizes.StrideB;
        switch (op)
        {
            case UnaryOp.Abs:
                Map<AbsGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Exp:
                Map<ExpGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Log:
                Map<LogGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Sqrt:
                Map<SqrtGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Rsqrt:
                Map<RsqrtGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Square:
                Map<SquareGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Reciprocal:
                Map<ReciprocalGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Sin:
                Map<SinGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Cos:
                Map<CosGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Tanh:
                Map<TanhGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Sigmoid:
                Map<SigmoidGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Softplus:
                Map<SoftplusGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Relu:
                Map<ReluGradientMap>(twoOfY, y, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.LeakyRelu:
                Map<LeakyReluGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Elu:
                Map<EluGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Gelu:
                Map<GeluGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.GeluTanh:
                Map<GeluTanhGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Silu:
                Map<SiluGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Erf:
                Map<ErfGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Clamp:
                Map<ClampGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.PowerScalar when p == 2:
                Map<SquareGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.PowerScalar when p == 3:
                Map<CubeGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.PowerScalar:
                Map<PowerScalarGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            case UnaryOp.Sine:
                Map<SineGradientMap>(two, x, gradient, gradient, dx, p, q);
                break;
            default:
                throw Throw.Undefined(nameof(UnaryGradient), op);
        }
    }

    private readonly struct AbsGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * TVec.Select(TVec.LessThan(TVec.Zero, a), TVec.Create(1), TVec.Select(TVec.LessThan(a, TVec.Zero), TVec.Create(-1), TVec.Zero));
    }

    private readonly struct ExpGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a * b;
    }

    private readonly struct LogGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b / a;
    }

    private readonly struct SqrtGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Create(0.5f) * b / a;
    }

    private readonly struct RsqrtGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Create(-0.5f) * b * (a * a * a);
    }

    private readonly struct SquareGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Create(2) * a * b;
    }

    private readonly struct CubeGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * TVec.Create(3) * (a * a);
    }

    private readonly struct ReciprocalGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => -b * (a * a);
    }

    private readonly struct SinGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * TVec.Cos(a);
    }

    private readonly struct CosGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => -b * TVec.Sin(a);
    }

    private readonly struct TanhGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * (TVec.Create(1) - (a * a));
    }

    private readonly struct SigmoidGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * (a * (TVec.Create(1) - a));
    }

    private readonly struct SoftplusGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * VecMath.Sigmoid(a);
    }

    private readonly struct ReluGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(TVec.Zero, a), b, TVec.Zero);
    }

    private readonly struct LeakyReluGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(TVec.Zero, a), b, b * p);
    }

    private readonly struct EluGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(TVec.Zero, a), b, b * p * TVec.Exp(a));
    }

    private readonly struct GeluGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec>
        {
            // Phi(x) + x phi(x)
            TVec cumulative = TVec.MultiplyAdd(TVec.Create(0.5f), VecMath.Erf(a * TVec.Create(0.70710678f)), TVec.Create(0.5f));
            TVec density = TVec.Create(0.39894228f) * TVec.Exp(TVec.Create(-0.5f) * a * a);
            return b * TVec.MultiplyAdd(a, density, cumulative);
        }
    }

    private readonly struct GeluTanhGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec>
        {
            // x s(v) with v = sqrt(8 / pi) (x + 0.044715 x^3): s + x s (1 - s) v'
            TVec square = a * a;
            TVec v = TVec.Create(1.59576912f) * TVec.MultiplyAdd(TVec.Create(0.044715f) * square, a, a);
            TVec slope = TVec.MultiplyAdd(TVec.Create(0.21406445f), square, TVec.Create(1.59576912f));
            TVec s = VecMath.Sigmoid(v);
            return b * (s * TVec.MultiplyAdd(a * slope, TVec.Create(1) - s, TVec.Create(1)));
        }
    }

    private readonly struct SiluGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec>
        {
            TVec s = VecMath.Sigmoid(a);
            return b * (s * TVec.MultiplyAdd(a, TVec.Create(1) - s, TVec.Create(1)));
        }
    }

    private readonly struct ErfGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * (TVec.Create(1.12837917f) * TVec.Exp(-(a * a)));
    }

    private readonly struct ClampGradientMap : IMap
    {
        public static int Operands => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(a, p), TVec.Zero, TVec.Select(TVec.LessThan(q, a), TVec.Zero, b));
    }

    private readonly struct PowerScalarGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * p * Power(a, p - TVec.Create(1));
    }

    private readonly struct SineGradientMap : IMap
    {
        public static int Operands => 2;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => b * p * TVec.Cos(a * p);
    }
}
