namespace HyperKernels.Gpu;

// The elementwise functions of one value, each with its gradient. Neg, Sign, Step and the sums and products with a number have gradients that need no kernel.

/// <summary><see cref="Backends.UnaryOp.Neg"/>.</summary>
internal readonly struct NegOp : IUnary
{
    public static float Apply(float x, float p, float q) => -x;
}

/// <summary><see cref="Backends.UnaryOp.Abs"/>.</summary>
internal readonly struct AbsOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Abs(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * (x > 0f ? 1f : x < 0f ? -1f : 0f);
}

/// <summary><see cref="Backends.UnaryOp.Sign"/>.</summary>
internal readonly struct SignOp : IUnary
{
    public static float Apply(float x, float p, float q) => x > 0f ? 1f : x < 0f ? -1f : 0f;
}

/// <summary><see cref="Backends.UnaryOp.Exp"/>.</summary>
internal readonly struct ExpOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Exp(x);

    public static float Gradient(float x, float y, float g, float p, float q) => y * g;
}

/// <summary><see cref="Backends.UnaryOp.Log"/>.</summary>
internal readonly struct LogOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Log(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g / x;
}

/// <summary><see cref="Backends.UnaryOp.Sqrt"/>.</summary>
internal readonly struct SqrtOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => Intrinsics.Sqrt(x);

    public static float Gradient(float x, float y, float g, float p, float q) => 0.5f * g / y;
}

/// <summary><see cref="Backends.UnaryOp.Rsqrt"/>.</summary>
internal readonly struct RsqrtOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => 1f / Intrinsics.Sqrt(x);

    public static float Gradient(float x, float y, float g, float p, float q) => -0.5f * g * (y * y * y);
}

/// <summary><see cref="Backends.UnaryOp.Square"/>.</summary>
internal readonly struct SquareOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => x * x;

    public static float Gradient(float x, float y, float g, float p, float q) => 2f * x * g;
}

/// <summary><see cref="Backends.UnaryOp.Reciprocal"/>.</summary>
internal readonly struct ReciprocalOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => 1f / x;

    public static float Gradient(float x, float y, float g, float p, float q) => -g * (y * y);
}

/// <summary><see cref="Backends.UnaryOp.Sin"/>.</summary>
internal readonly struct SinOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Sin(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * MathK.Cos(x);
}

/// <summary><see cref="Backends.UnaryOp.Cos"/>.</summary>
internal readonly struct CosOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Cos(x);

    public static float Gradient(float x, float y, float g, float p, float q) => -g * MathK.Sin(x);
}

/// <summary><see cref="Backends.UnaryOp.Tanh"/>.</summary>
internal readonly struct TanhOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Tanh(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * (1f - (y * y));
}

/// <summary><see cref="Backends.UnaryOp.Sigmoid"/>.</summary>
internal readonly struct SigmoidOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Sigmoid(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * (y * (1f - y));
}

/// <summary><see cref="Backends.UnaryOp.Softplus"/>.</summary>
internal readonly struct SoftplusOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Softplus(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * MathK.Sigmoid(x);
}

/// <summary><see cref="Backends.UnaryOp.Relu"/>.</summary>
internal readonly struct ReluOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Max(x, 0f);

    public static float Gradient(float x, float y, float g, float p, float q) => y > 0f ? g : 0f;
}

/// <summary><see cref="Backends.UnaryOp.LeakyRelu"/>.</summary>
internal readonly struct LeakyReluOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => ActivationK.Apply((int)ActivationKind.LeakyRelu, x, p);

    public static float Gradient(float x, float y, float g, float p, float q) => x > 0f ? g : g * p;
}

/// <summary><see cref="Backends.UnaryOp.Elu"/>.</summary>
internal readonly struct EluOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => ActivationK.Apply((int)ActivationKind.Elu, x, p);

    public static float Gradient(float x, float y, float g, float p, float q) => x > 0f ? g : g * p * MathK.Exp(x);
}

/// <summary><see cref="Backends.UnaryOp.Gelu"/>.</summary>
internal readonly struct GeluOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Gelu(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * MathK.GeluSlope(x);
}

/// <summary><see cref="Backends.UnaryOp.GeluTanh"/>.</summary>
internal readonly struct GeluTanhOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.GeluTanh(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * MathK.GeluTanhSlope(x);
}

/// <summary><see cref="Backends.UnaryOp.Silu"/>.</summary>
internal readonly struct SiluOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => x * MathK.Sigmoid(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * MathK.SiluSlope(x);
}

/// <summary><see cref="Backends.UnaryOp.Erf"/>.</summary>
internal readonly struct ErfOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Erf(x);

    public static float Gradient(float x, float y, float g, float p, float q) => g * (1.12837917f * MathK.Exp(-(x * x)));
}

/// <summary><see cref="Backends.UnaryOp.Step"/>.</summary>
internal readonly struct StepOp : IUnary
{
    public static float Apply(float x, float p, float q) => x > 0f ? 1f : 0f;
}

/// <summary><see cref="Backends.UnaryOp.Clamp"/>.</summary>
internal readonly struct ClampOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Min(MathK.Max(x, p), q);

    public static float Gradient(float x, float y, float g, float p, float q) => x < p || x > q ? 0f : g;
}

/// <summary><see cref="Backends.UnaryOp.AddScalar"/>.</summary>
internal readonly struct AddScalarOp : IUnary
{
    public static float Apply(float x, float p, float q) => x + p;
}

/// <summary><see cref="Backends.UnaryOp.MultiplyScalar"/>.</summary>
internal readonly struct MultiplyScalarOp : IUnary
{
    public static float Apply(float x, float p, float q) => x * p;
}

/// <summary><see cref="Backends.UnaryOp.PowerScalar"/>.</summary>
internal readonly struct PowerScalarOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Pow(x, p);

    public static float Gradient(float x, float y, float g, float p, float q) => g * p * MathK.Pow(x, p - 1f);
}

/// <summary><see cref="Backends.UnaryOp.Sine"/>.</summary>
internal readonly struct SineOp : IUnaryGradient
{
    public static float Apply(float x, float p, float q) => MathK.Sin(x * p);

    public static float Gradient(float x, float y, float g, float p, float q) => g * p * MathK.Cos(x * p);
}
