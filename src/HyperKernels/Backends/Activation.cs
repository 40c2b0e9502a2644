using System.Globalization;

namespace HyperKernels;

/// <summary>A function applied to every element, with its parameter where it has one; the default value is <see cref="None"/>.</summary>
/// <remarks>Written as a kind and a parameter side by side: kernels read it as an integer and a float.</remarks>
public readonly record struct Activation
{
    /// <summary>The usual slope of a leaky ReLU.</summary>
    public const float DefaultSlope = 0.01f;

    /// <summary>The usual alpha of an ELU.</summary>
    public const float DefaultAlpha = 1;

    /// <summary>The usual frequency of a sine (Sitzmann et al., NeurIPS 2020).</summary>
    public const float DefaultOmega = 30;

    private Activation(ActivationKind kind, float parameter)
    {
        Kind = kind;
        Parameter = parameter;
    }

    /// <summary>Which function.</summary>
    public ActivationKind Kind { get; }

    /// <summary>The slope, alpha or frequency of <see cref="LeakyRelu"/>, <see cref="Elu"/> and <see cref="Sine"/>; 0 for all others.</summary>
    public float Parameter { get; }

    /// <summary><c>x</c></summary>
    public static Activation None => default;

    /// <summary><c>max(x, 0)</c></summary>
    public static Activation Relu => new(ActivationKind.Relu, 0);

    /// <summary><c>tanh x</c></summary>
    public static Activation Tanh => new(ActivationKind.Tanh, 0);

    /// <summary><c>1 / (1 + e^-x)</c></summary>
    public static Activation Sigmoid => new(ActivationKind.Sigmoid, 0);

    /// <summary><c>x / (1 + e^-x)</c></summary>
    public static Activation Silu => new(ActivationKind.Silu, 0);

    /// <summary><c>log(1 + e^x)</c></summary>
    public static Activation Softplus => new(ActivationKind.Softplus, 0);

    /// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c></summary>
    public static Activation Gelu => new(ActivationKind.Gelu, 0);

    /// <summary><c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c></summary>
    public static Activation GeluTanh => new(ActivationKind.GeluTanh, 0);

    /// <summary><c>x</c> where positive, else <c>slope x</c>.</summary>
    /// <param name="slope">The slope below zero.</param>
    public static Activation LeakyRelu(float slope = DefaultSlope) => new(ActivationKind.LeakyRelu, slope);

    /// <summary><c>x</c> where positive, else <c>alpha (e^x - 1)</c>.</summary>
    /// <param name="alpha">What the function tends to far below zero, negated.</param>
    public static Activation Elu(float alpha = DefaultAlpha) => new(ActivationKind.Elu, alpha);

    /// <summary><c>sin(omega x)</c></summary>
    /// <param name="omega">The frequency.</param>
    public static Activation Sine(float omega = DefaultOmega) => new(ActivationKind.Sine, omega);

    /// <summary>The function of a kind that is known only when the program runs: one that a file or a command line names.</summary>
    /// <param name="kind">Which function.</param>
    /// <param name="parameter">Its parameter; null for the usual one. A function without parameter does not look at it.</param>
    /// <exception cref="ArgumentException">There is no such kind.</exception>
    public static Activation Of(ActivationKind kind, float? parameter = null)
    {
        if (kind is < ActivationKind.None or > ActivationKind.Sine)
        {
            Throw.Argument($"Activation.Of: the kind must be one of {nameof(ActivationKind)}; got {(int)kind}.");
        }
        return kind switch
        {
            ActivationKind.LeakyRelu => LeakyRelu(parameter ?? DefaultSlope),
            ActivationKind.Elu => Elu(parameter ?? DefaultAlpha),
            ActivationKind.Sine => Sine(parameter ?? DefaultOmega),
            _ => new Activation(kind, 0),
        };
    }

    /// <summary>The function's name, with its parameter if it has one: <c>Relu</c>, <c>LeakyRelu(0.2)</c>.</summary>
    public override string ToString() => Kind is ActivationKind.LeakyRelu or ActivationKind.Elu or ActivationKind.Sine
        ? string.Create(CultureInfo.InvariantCulture, $"{Kind}({Parameter})")
        : $"{Kind}";
}
