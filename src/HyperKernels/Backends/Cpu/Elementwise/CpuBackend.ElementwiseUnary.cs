using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

// Functions of one value; those that are activations too are in ActivationMaps.
internal sealed unsafe partial class CpuBackend
{
    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q)
    {
        switch (op)
        {
            case UnaryOp.Neg:
                Map<NegMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Abs:
                Map<AbsMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Sign:
                Map<SignMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Exp:
                Map<ExpMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Log:
                Map<LogMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Sqrt:
                Map<SqrtMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Rsqrt:
                Map<RsqrtMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Square:
                Map<SquareMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Reciprocal:
                Map<ReciprocalMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Sin:
                Map<SinMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Cos:
                Map<CosMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Tanh:
                Map<TanhMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Sigmoid:
                Map<SigmoidMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Softplus:
                Map<SoftplusMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Relu:
                Map<ReluMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.LeakyRelu:
                Map<LeakyReluMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Elu:
                Map<EluMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Gelu:
                Map<GeluMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.GeluTanh:
                Map<GeluTanhMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Silu:
                Map<SiluMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Erf:
                Map<ErfMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Step:
                Map<StepMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Clamp:
                Map<ClampMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.AddScalar:
                Map<AddScalarMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.MultiplyScalar:
                Map<MultiplyScalarMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.PowerScalar when p == 2:
                Map<SquareMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.PowerScalar when p == 3:
                Map<CubeMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.PowerScalar:
                Map<PowerScalarMap>(sizes, x, x, x, y, p, q);
                break;
            case UnaryOp.Sine:
                Map<SineMap>(sizes, x, x, x, y, p, q);
                break;
            default:
                throw Throw.Undefined(nameof(Unary), op);
        }
    }

    private readonly struct NegMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => -a;
    }

    private readonly struct AbsMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Abs(a);
    }

    private readonly struct SignMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(TVec.Zero, a), TVec.Create(1), TVec.Select(TVec.LessThan(a, TVec.Zero), TVec.Create(-1), TVec.Zero));
    }

    private readonly struct ExpMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Exp(a);
    }

    private readonly struct LogMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Log(a);
    }

    private readonly struct SqrtMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Sqrt(a);
    }

    private readonly struct RsqrtMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Create(1) / TVec.Sqrt(a);
    }

    private readonly struct SquareMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a * a;
    }

    private readonly struct CubeMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a * a * a;
    }

    private readonly struct ReciprocalMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Create(1) / a;
    }

    private readonly struct SinMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Sin(a);
    }

    private readonly struct CosMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Cos(a);
    }

    private readonly struct ErfMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => VecMath.Erf(a);
    }

    private readonly struct StepMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Select(TVec.LessThan(TVec.Zero, a), TVec.Create(1), TVec.Zero);
    }

    private readonly struct ClampMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => TVec.Min(TVec.Max(a, p), q);
    }

    private readonly struct AddScalarMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a + p;
    }

    private readonly struct MultiplyScalarMap : IMap
    {
        public static int Operands => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => a * p;
    }

    private readonly struct PowerScalarMap : IMap
    {
        public static int Operands => 1;

        public static int Cost => IMap.FunctionCost;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVec Apply<TVec>(TVec a, TVec b, TVec c, TVec p, TVec q)
            where TVec : struct, IVec<TVec> => Power(a, p);
    }
}
