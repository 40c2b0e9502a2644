using HyperKernels.Backends;

namespace HyperKernels;

// Functions of one value. All keep the shape, refuse integers with ArgumentException, give NaN for NaN unless told otherwise, and are
// differentiable any number of times.
public static partial class Ops
{
    /// <summary>Changes the sign: <c>-x</c>.</summary>
    public static Tensor Neg(Tensor x) => Unary("Neg", UnaryOp.Neg, x);

    /// <summary>The magnitude: <c>|x|</c>. Its derivative at 0 is taken as 0.</summary>
    public static Tensor Abs(Tensor x) => Unary("Abs", UnaryOp.Abs, x);

    /// <summary>The exponential: <c>e^x</c>; infinity above 88.73.</summary>
    public static Tensor Exp(Tensor x) => Unary("Exp", UnaryOp.Exp, x);

    /// <summary>The natural logarithm; NaN below 0.</summary>
    public static Tensor Log(Tensor x) => Unary("Log", UnaryOp.Log, x);

    /// <summary>The square root; NaN below 0.</summary>
    public static Tensor Sqrt(Tensor x) => Unary("Sqrt", UnaryOp.Sqrt, x);

    /// <summary>One over the square root: <c>x^-1/2</c>.</summary>
    public static Tensor Rsqrt(Tensor x) => Unary("Rsqrt", UnaryOp.Rsqrt, x);

    /// <summary>The square: <c>x^2</c>.</summary>
    public static Tensor Square(Tensor x) => Unary("Square", UnaryOp.Square, x);

    /// <summary>One over: <c>1 / x</c>.</summary>
    public static Tensor Reciprocal(Tensor x) => Unary("Reciprocal", UnaryOp.Reciprocal, x);

    /// <summary>The sine of an angle in radians.</summary>
    public static Tensor Sin(Tensor x) => Unary("Sin", UnaryOp.Sin, x);

    /// <summary>The cosine of an angle in radians.</summary>
    public static Tensor Cos(Tensor x) => Unary("Cos", UnaryOp.Cos, x);

    /// <summary>The hyperbolic tangent.</summary>
    public static Tensor Tanh(Tensor x) => Unary("Tanh", UnaryOp.Tanh, x);

    /// <summary>The logistic function: <c>1 / (1 + e^-x)</c>.</summary>
    public static Tensor Sigmoid(Tensor x) => Unary("Sigmoid", UnaryOp.Sigmoid, x);

    /// <summary>The smooth ramp: <c>log(1 + e^x)</c>, without overflow.</summary>
    public static Tensor Softplus(Tensor x) => Unary("Softplus", UnaryOp.Softplus, x);

    /// <summary>The ramp: <c>max(x, 0)</c>. Its derivative at 0 is taken as 0.</summary>
    public static Tensor Relu(Tensor x) => Unary("Relu", UnaryOp.Relu, x);

    /// <summary>The ramp with a leak: <c>x</c> above 0, else <c>slope x</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="slope">Of the negative side.</param>
    public static Tensor LeakyRelu(Tensor x, float slope = 0.01f) => Unary("LeakyRelu", UnaryOp.LeakyRelu, x, slope);

    /// <summary>The exponential linear unit: <c>x</c> above 0, else <c>alpha (e^x - 1)</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="alpha">The function tends to -alpha.</param>
    /// <remarks>Source: Clevert, Unterthiner, Hochreiter, ICLR 2016, eq. 15.</remarks>
    public static Tensor Elu(Tensor x, float alpha = 1) => Unary("Elu", UnaryOp.Elu, x, alpha);

    /// <summary>The Gaussian error linear unit: <c>x (1 + erf(x / sqrt 2)) / 2</c>.</summary>
    /// <remarks>Source: Hendrycks, Gimpel, 2016, eq. 1.</remarks>
    public static Tensor Gelu(Tensor x) => Unary("Gelu", UnaryOp.Gelu, x);

    /// <summary>The Gaussian error linear unit by its tanh form: <c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c>.</summary>
    /// <remarks>Source: Hendrycks, Gimpel, 2016, section 2.</remarks>
    public static Tensor GeluTanh(Tensor x) => Unary("GeluTanh", UnaryOp.GeluTanh, x);

    /// <summary>The sigmoid linear unit: <c>x / (1 + e^-x)</c>.</summary>
    public static Tensor Silu(Tensor x) => Unary("Silu", UnaryOp.Silu, x);

    /// <summary>The error function.</summary>
    public static Tensor Erf(Tensor x) => Unary("Erf", UnaryOp.Erf, x);

    /// <summary>1 above 0, else 0, also for NaN. Its derivative is 0: nothing is recorded.</summary>
    public static Tensor Step(Tensor x) => Compute("Step", UnaryOp.Step, x);

    /// <summary>The sign: 1, -1, or 0 for 0 and NaN. Its derivative is 0: nothing is recorded.</summary>
    public static Tensor Sign(Tensor x) => Compute("Sign", UnaryOp.Sign, x);

    /// <summary>Limits the values: <c>min(max(x, min), max)</c>. The derivative is 1 within the limits and on them, else 0.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="min">At most <paramref name="max"/>.</param>
    /// <param name="max">At least <paramref name="min"/>.</param>
    /// <exception cref="ArgumentException">min is above max, or x holds integers.</exception>
    public static Tensor Clamp(Tensor x, float min, float max)
    {
        if (!(min <= max))
        {
            Throw.Argument($"Clamp: min must not be above max; got {min} and {max}.");
        }
        return Unary("Clamp", UnaryOp.Clamp, x, min, max);
    }

    /// <summary>Adds a number to every element.</summary>
    public static Tensor AddScalar(Tensor x, float value) => Unary("AddScalar", UnaryOp.AddScalar, x, value);

    /// <summary>Multiplies every element by a number.</summary>
    public static Tensor MultiplyScalar(Tensor x, float value) => Unary("MultiplyScalar", UnaryOp.MultiplyScalar, x, value);

    /// <summary>Raises every element to a power: <c>x^exponent</c>. A negative x needs a whole exponent, else it gives NaN.</summary>
    /// <remarks>An exponent of 0 gives 1 with a derivative of 0, also for 0 and NaN.</remarks>
    public static Tensor PowerScalar(Tensor x, float exponent) => exponent switch
    {
        0 => Constant("PowerScalar", x, 1),
        // The exact and fast forms of the usual exponents.
        1 => MultiplyScalar(x, 1),
        2 => Square(x),
        0.5f => Sqrt(x),
        -0.5f => Rsqrt(x),
        -1 => Reciprocal(x),
        _ => Unary("PowerScalar", UnaryOp.PowerScalar, x, exponent),
    };

    // Recorded, so that a loss made of it still leads to x.
    private static Tensor Constant(string name, Tensor x, float value)
    {
        CheckFloat(name, x);
        return Record(Tensor.Full(x.Shape, value, x.Device), [x], 0, static (g, _) => g[0] = Tensor.Zeros(g.Output.Shape, g.Output.Device));
    }

    private static Tensor Unary(string name, UnaryOp op, Tensor x, float p = 0, float q = 0)
    {
        Tensor y = Compute(name, op, x, p, q);
        return Record(y, [x], (op, x, y, p, q), static (g, s) =>
            g[0] = g.Recorded ? Differentiable(s.op, s.x, s.y, g.Output, s.p, s.q) : Fused(s.op, s.x, s.y, g.Output, s.p, s.q));
    }

    private static Tensor Compute(string name, UnaryOp op, Tensor x, float p = 0, float q = 0)
    {
        CheckFloat(name, x);
        Shape shape = x.Shape;
        Tensor y = New(x, shape);
        x.Device.Backend.Unary(op, Broadcasted(x, x, x, shape), x.Ref, y.Ref, p, q);
        return y;
    }

    /// <summary>The gradient in one pass over memory.</summary>
    private static Tensor Fused(UnaryOp op, Tensor x, Tensor y, Tensor gradient, float p, float q)
    {
        switch (op)
        {
            case UnaryOp.AddScalar:
                return gradient;
            case UnaryOp.Neg:
                return Compute("Neg", UnaryOp.Neg, gradient);
            case UnaryOp.MultiplyScalar:
                return Compute("MultiplyScalar", UnaryOp.MultiplyScalar, gradient, p);
            default:
                Shape shape = x.Shape;
                Tensor dx = New(x, shape);
                x.Device.Backend.UnaryGradient(op, Broadcasted(x, y, gradient, shape), x.Ref, y.Ref, gradient.Ref, dx.Ref, p, q);
                return dx;
        }
    }

    /// <summary>The gradient written in ops, to be differentiated again.</summary>
    private static Tensor Differentiable(UnaryOp op, Tensor x, Tensor y, Tensor g, float p, float q)
    {
        switch (op)
        {
            case UnaryOp.AddScalar:
                return g;
            case UnaryOp.Neg:
                return Neg(g);
            case UnaryOp.MultiplyScalar:
                return MultiplyScalar(g, p);
            case UnaryOp.Exp:
                return g * y;
            case UnaryOp.Log:
                return g / x;
            case UnaryOp.Sqrt:
                return 0.5f * g / y;
            case UnaryOp.Rsqrt:
                return -0.5f * g * y * y * y;
            case UnaryOp.Square:
                return 2 * g * x;
            case UnaryOp.Reciprocal:
                return -(g * y * y);
            case UnaryOp.Sin:
                return g * Cos(x);
            case UnaryOp.Cos:
                return -(g * Sin(x));
            case UnaryOp.Sine:
                return p * g * Cos(p * x);
            case UnaryOp.Tanh:
                return g * (1 - (y * y));
            case UnaryOp.Sigmoid:
                return g * (y * (1 - y));
            case UnaryOp.Softplus:
                return g * Sigmoid(x);
            case UnaryOp.Elu:
                // The exponential sees negative values only; the derivative of the step is 0.
                Tensor above = Step(x);
                return g * (above + ((1 - above) * (p * Exp(Clamp(x, float.NegativeInfinity, 0)))));
            case UnaryOp.Gelu:
                Tensor cumulative = 0.5f + (0.5f * Erf(0.70710678f * x));
                return g * (cumulative + (x * (0.39894228f * Exp(-0.5f * Square(x)))));
            case UnaryOp.GeluTanh:
                Tensor square = Square(x);
                Tensor gate = Sigmoid(x * (1.59576912f + (0.0713548163f * square)));
                return g * (gate + (x * (1.59576912f + (0.21406445f * square)) * (gate * (1 - gate))));
            case UnaryOp.Silu:
                Tensor sigmoid = Sigmoid(x);
                return g * (sigmoid * (1 + (x * (1 - sigmoid))));
            case UnaryOp.Erf:
                return g * (1.12837917f * Exp(-Square(x)));
            case UnaryOp.PowerScalar:
                // The power is of one less each time: a whole exponent comes down to 0, whose derivative is 0.
                return p * g * PowerScalar(x, p - 1);
            default:
                // Piecewise linear: the slope is a constant that the fused kernel gives for a gradient of ones.
                return g * Fused(op, x, y, Tensor.Ones(x.Shape, x.Device), p, q);
        }
    }
}
