namespace HyperKernels.Cases;

/// <summary>Functions that oracles need and the library has not.</summary>
internal static class PlainMath
{
    /// <summary>The series 2 / sqrt(pi) e^(-x^2) sum of 2^n x^(2n+1) / (2n+1)!!, which has no cancellation.</summary>
    public static double Erf(double x)
    {
        double term = x;
        double sum = x;
        for (int n = 1; n < 200 && Math.Abs(term) > 1e-18 * Math.Abs(sum); n++)
        {
            term *= 2 * x * x / ((2 * n) + 1);
            sum += term;
        }
        return Math.Abs(x) > 6 ? Math.Sign(x) : 2 / Math.Sqrt(Math.PI) * Math.Exp(-x * x) * sum;
    }

    /// <summary>1 - erf x, which keeps its digits where erf is one: a continued fraction (Abramowitz and Stegun, 7.1.14).</summary>
    public static double Erfc(double x)
    {
        if (!(Math.Abs(x) >= 2))
        {
            return 1 - Erf(x);
        }
        double magnitude = Math.Abs(x);
        double fraction = magnitude;
        for (int n = 60; n > 0; n--)
        {
            fraction = magnitude + (0.5 * n / fraction);
        }
        double tail = magnitude > 30 ? 0 : Math.Exp(-magnitude * magnitude) / Math.Sqrt(Math.PI) / fraction;
        return x > 0 ? tail : 2 - tail;
    }

    /// <summary>log(1 + x) to the last digits (W. Kahan; N. Higham, Accuracy and Stability, section 1.14.1).</summary>
    public static double LogOnePlus(double x)
    {
        double u = 1 + x;
        return u == 1 ? x : Math.Log(u) * x / (u - 1);
    }

    /// <summary>e^x - 1 to the last digits (the same).</summary>
    public static double ExpMinusOne(double x)
    {
        double u = Math.Exp(x);
        return u == 1 ? x : Math.Abs(x) < 1 ? (u - 1) * x / Math.Log(u) : u - 1;
    }

    /// <summary><c>1 / (1 + e^-x)</c></summary>
    public static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));

    /// <summary><c>log(1 + e^x)</c>, which does not overflow.</summary>
    public static double Softplus(double x) => Math.Max(x, 0) + LogOnePlus(Math.Exp(-Math.Abs(x)));

    /// <summary><c>x (1 + erf(x / sqrt 2)) / 2</c></summary>
    public static double Gelu(double x) => x * 0.5 * Erfc(-x / Math.Sqrt(2));

    /// <summary><c>x (1 + tanh u) / 2 = x / (1 + e^-2u)</c> with <c>u = sqrt(2 / pi) (x + 0.044715 x^3)</c></summary>
    public static double GeluTanh(double x) => x * Sigmoid(Math.Sqrt(8 / Math.PI) * (x + (0.044715 * x * x * x)));

    /// <summary>What an activation does to a number.</summary>
    public static double Activate(double x, Activation activation) => activation.Kind switch
    {
        ActivationKind.None => x,
        ActivationKind.Relu => Math.Max(x, 0),
        ActivationKind.LeakyRelu => x < 0 ? activation.Parameter * x : x,
        ActivationKind.Elu => x < 0 ? activation.Parameter * ExpMinusOne(x) : x,
        ActivationKind.Tanh => Math.Tanh(x),
        ActivationKind.Sigmoid => Sigmoid(x),
        ActivationKind.Silu => x * Sigmoid(x),
        ActivationKind.Softplus => Softplus(x),
        ActivationKind.Gelu => Gelu(x),
        ActivationKind.GeluTanh => GeluTanh(x),
        ActivationKind.Sine => Math.Sin(activation.Parameter * x),
        _ => throw Throw.Undefined(nameof(Activate), activation.Kind),
    };
}
