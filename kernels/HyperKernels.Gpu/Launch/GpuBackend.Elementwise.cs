using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    private static readonly Dictionary<UnaryOp, ElementwisePair> s_unary = new()
    {
        [UnaryOp.Neg] = Kernels<ValueOf<NegOp>>(),
        [UnaryOp.Abs] = Kernels<ValueOf<AbsOp>>(),
        [UnaryOp.Sign] = Kernels<ValueOf<SignOp>>(),
        [UnaryOp.Exp] = Kernels<ValueOf<ExpOp>>(),
        [UnaryOp.Log] = Kernels<ValueOf<LogOp>>(),
        [UnaryOp.Sqrt] = Kernels<ValueOf<SqrtOp>>(),
        [UnaryOp.Rsqrt] = Kernels<ValueOf<RsqrtOp>>(),
        [UnaryOp.Square] = Kernels<ValueOf<SquareOp>>(),
        [UnaryOp.Reciprocal] = Kernels<ValueOf<ReciprocalOp>>(),
        [UnaryOp.Sin] = Kernels<ValueOf<SinOp>>(),
        [UnaryOp.Cos] = Kernels<ValueOf<CosOp>>(),
        [UnaryOp.Tanh] = Kernels<ValueOf<TanhOp>>(),
        [UnaryOp.Sigmoid] = Kernels<ValueOf<SigmoidOp>>(),
        [UnaryOp.Softplus] = Kernels<ValueOf<SoftplusOp>>(),
        [UnaryOp.Relu] = Kernels<ValueOf<ReluOp>>(),
        [UnaryOp.LeakyRelu] = Kernels<ValueOf<LeakyReluOp>>(),
        [UnaryOp.Elu] = Kernels<ValueOf<EluOp>>(),
        [UnaryOp.Gelu] = Kernels<ValueOf<GeluOp>>(),
        [UnaryOp.GeluTanh] = Kernels<ValueOf<GeluTanhOp>>(),
        [UnaryOp.Silu] = Kernels<ValueOf<SiluOp>>(),
        [UnaryOp.Erf] = Kernels<ValueOf<ErfOp>>(),
        [UnaryOp.Step] = Kernels<ValueOf<StepOp>>(),
        [UnaryOp.Clamp] = Kernels<ValueOf<ClampOp>>(),
        [UnaryOp.AddScalar] = Kernels<ValueOf<AddScalarOp>>(),
        [UnaryOp.MultiplyScalar] = Kernels<ValueOf<MultiplyScalarOp>>(),
        [UnaryOp.PowerScalar] = Kernels<ValueOf<PowerScalarOp>>(),
        [UnaryOp.Sine] = Kernels<ValueOf<SineOp>>(),
    };

    private static readonly Dictionary<UnaryOp, ElementwisePair> s_unaryGradient = new()
    {
        [UnaryOp.Abs] = Kernels<GradientOf<AbsOp>>(),
        [UnaryOp.Exp] = Kernels<GradientOf<ExpOp>>(),
        [UnaryOp.Log] = Kernels<GradientOf<LogOp>>(),
        [UnaryOp.Sqrt] = Kernels<GradientOf<SqrtOp>>(),
        [UnaryOp.Rsqrt] = Kernels<GradientOf<RsqrtOp>>(),
        [UnaryOp.Square] = Kernels<GradientOf<SquareOp>>(),
        [UnaryOp.Reciprocal] = Kernels<GradientOf<ReciprocalOp>>(),
        [UnaryOp.Sin] = Kernels<GradientOf<SinOp>>(),
        [UnaryOp.Cos] = Kernels<GradientOf<CosOp>>(),
        [UnaryOp.Tanh] = Kernels<GradientOf<TanhOp>>(),
        [UnaryOp.Sigmoid] = Kernels<GradientOf<SigmoidOp>>(),
        [UnaryOp.Softplus] = Kernels<GradientOf<SoftplusOp>>(),
        [UnaryOp.Relu] = Kernels<GradientOf<ReluOp>>(),
        [UnaryOp.LeakyRelu] = Kernels<GradientOf<LeakyReluOp>>(),
        [UnaryOp.Elu] = Kernels<GradientOf<EluOp>>(),
        [UnaryOp.Gelu] = Kernels<GradientOf<GeluOp>>(),
        [UnaryOp.GeluTanh] = Kernels<GradientOf<GeluTanhOp>>(),
        [UnaryOp.Silu] = Kernels<GradientOf<SiluOp>>(),
        [UnaryOp.Erf] = Kernels<GradientOf<ErfOp>>(),
        [UnaryOp.Clamp] = Kernels<GradientOf<ClampOp>>(),
        [UnaryOp.PowerScalar] = Kernels<GradientOf<PowerScalarOp>>(),
        [UnaryOp.Sine] = Kernels<GradientOf<SineOp>>(),
    };

    private static readonly Dictionary<BinaryOp, ElementwisePair> s_binary = new()
    {
        [BinaryOp.Add] = Kernels<AddOp>(),
        [BinaryOp.Subtract] = Kernels<SubtractOp>(),
        [BinaryOp.Multiply] = Kernels<MultiplyOp>(),
        [BinaryOp.Divide] = Kernels<DivideOp>(),
        [BinaryOp.Power] = Kernels<PowerOp>(),
        [BinaryOp.Minimum] = Kernels<MinimumOp>(),
        [BinaryOp.Maximum] = Kernels<MaximumOp>(),
        [BinaryOp.Less] = Kernels<LessOp>(),
        [BinaryOp.LessOrEqual] = Kernels<LessOrEqualOp>(),
    };

    private static readonly Dictionary<TernaryOp, ElementwisePair> s_ternary = new()
    {
        [TernaryOp.Where] = Kernels<WhereOp>(),
        [TernaryOp.MultiplyAdd] = Kernels<MultiplyAddOp>(),
    };

    public void Unary(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, float p, float q)
    {
        Broadcast axes = sizes;
        axes.StrideB = axes.StrideC = sizes.StrideA;
        Elementwise(s_unary[op], axes, x, x, x, p, q, y);
    }

    public void UnaryGradient(UnaryOp op, in Broadcast sizes, BufferRef x, BufferRef y, BufferRef gradient, BufferRef dx, float p, float q) =>
        Elementwise(s_unaryGradient[op], sizes, x, y, gradient, p, q, dx);

    public void Binary(BinaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef y)
    {
        Broadcast axes = sizes;
        axes.StrideC = sizes.StrideB;
        Elementwise(s_binary[op], axes, a, b, b, 0, 0, y);
    }

    public void Ternary(TernaryOp op, in Broadcast sizes, BufferRef a, BufferRef b, BufferRef c, BufferRef y) =>
        Elementwise(s_ternary[op], sizes, a, b, c, 0, 0, y);

    private void Elementwise(
        in ElementwisePair kernels, Broadcast axes, BufferRef a, BufferRef b, BufferRef c, float p, float q, BufferRef y)
    {
        long count = axes.Count;
        bool fours = InFours(ref axes, a, b, c, y, out int tail);
        count = fours ? count / 4 : count;
        tail = fours ? tail : 0;
        ForEach(
            fours ? kernels.Fours : kernels.Single, Math.Max(count, tail),
            new ElementwiseArguments
            {
                Axes = Axes.Of(axes),
                A = Floats(a),
                B = Floats(b),
                C = Floats(c),
                P = p,
                Q = q,
                Count = count,
                Tail = tail,
                Result = Floats(y),
            });
    }

    // Counts the last axis in fours if every operand steps through it evenly or is repeated; a single axis may leave a tail.
    private static bool InFours(ref Broadcast axes, BufferRef a, BufferRef b, BufferRef c, BufferRef y, out int tail)
    {
        int last = axes.Rank - 1;
        tail = last == 0 ? axes.Sizes[0] % 4 : 0;
        if (!InFours(y) || (axes.Sizes[last] - tail) % 4 != 0
            || !InFours(axes.StrideA, last, a) || !InFours(axes.StrideB, last, b) || !InFours(axes.StrideC, last, c))
        {
            return false;
        }
        axes.Sizes[last] /= 4;
        axes.StrideA[last] *= 4;
        axes.StrideB[last] *= 4;
        axes.StrideC[last] *= 4;
        return true;
    }

    private static bool InFours(in Broadcast.Strides strides, int last, BufferRef place)
    {
        bool fits = strides[last] == 0 || (strides[last] == 1 && InFours(place));
        for (int axis = 0; axis < last; axis++)
        {
            fits &= strides[last] == 0 || strides[axis] % 4 == 0;
        }
        return fits;
    }

    private static ElementwisePair Kernels<TOp>()
        where TOp : struct, IElementwise => new(ElementwiseKernels.Single<TOp>, ElementwiseKernels.Fours<TOp>);

    /// <summary>An op's kernels: for one element a thread, and for four.</summary>
    private readonly record struct ElementwisePair(Action<ElementwiseArguments> Single, Action<ElementwiseArguments> Fours);
}
