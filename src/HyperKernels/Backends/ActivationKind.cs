namespace HyperKernels;

/// <summary>Which function an <see cref="Activation"/> applies to every element.</summary>
public enum ActivationKind
{
    /// <summary><c>x</c></summary>
    None,

    /// <summary><c>max(x, 0)</c></summary>
    Relu,

    /// <summary><c>x</c> where positive, else <c>parameter x</c></summary>
    LeakyRelu,

    /// <summary><c>x</c> where positive, else <c>parameter (e^x - 1)</c></summary>
    Elu,

    /// <summary><c>tanh x</c></summary>
    Tanh,

    /// <summary><c>1 / (1 + e^-x)</c></summary>
    Sigmoid,

    /// <summary><c>x / (1 + e^-x)</c></summary>
    Silu,

    /// <summary><c>log(1 + e^x)</c></summary>
    Softplus,

    /// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c></summary>
    Gelu,

    /// <summary><c>x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))) / 2</c></summary>
    GeluTanh,

    /// <summary><c>sin(parameter x)</c></summary>
    Sine,
}
