using System.Globalization;

namespace HyperKernels.Models;

/// <summary>Which values a hyperparameter may take, and so how it follows from the number without bounds that is learned.</summary>
public enum HyperparameterRange
{
    /// <summary>Any: the number itself.</summary>
    Free,

    /// <summary>Between two ends: a stretched sigmoid.</summary>
    Bounded,

    /// <summary>Above an end: the end plus a softplus.</summary>
    AtLeast,

    /// <summary>Below an end: the end minus a softplus.</summary>
    AtMost,

    /// <summary>Above zero on a scale of decades, such as a weight decay: an exponential.</summary>
    Positive,
}

/// <summary>A hyperparameter that is learned, or a group of like ones: its name, range, first value, and how far it is perturbed.</summary>
/// <remarks>Source: MacKay et al., ICLR 2019 (arXiv 1903.03088), and the authors' code; the exponential is Lorraine and Duvenaud's, arXiv 1802.09419.</remarks>
public sealed record Hyperparameter
{
    // As the authors' code has it: the wide end of what trains well.
    private const double FirstDeviation = 0.5;

    private Hyperparameter(string name, HyperparameterRange range, double start, double low, double high)
    {
        Name = name;
        Range = range;
        Start = start;
        Low = low;
        High = high;
    }

    /// <summary>The name: that of a dropout layer finds it (<see cref="TunedDropout"/>).</summary>
    public string Name { get; }

    /// <summary>Which values it may take.</summary>
    public HyperparameterRange Range { get; }

    /// <summary>The first value.</summary>
    public double Start { get; }

    /// <summary>The lower end; minus infinity where there is none.</summary>
    public double Low { get; }

    /// <summary>The upper end; infinity where there is none.</summary>
    public double High { get; }

    /// <summary>The number of like hyperparameters under this name: one decay for every weight, for example.</summary>
    public int Size { get; init; } = 1;

    /// <summary>The first standard deviation of the perturbation of the number without bounds.</summary>
    public double Deviation { get; init; } = FirstDeviation;

    /// <summary>Whether the value is rounded down to a whole number. No gradient comes back through it.</summary>
    public bool IsDiscrete { get; init; }

    /// <summary>Whether all samples of a batch share one perturbation, as those do that act on the whole batch.</summary>
    public bool IsShared { get; init; }

    /// <summary>A hyperparameter between two ends, such as a dropout rate between 0 and 0.9.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="low">The lower end, never reached.</param>
    /// <param name="high">The upper end, never reached.</param>
    /// <param name="start">The first value, strictly between them.</param>
    /// <exception cref="ArgumentException">The first value is not inside, or an end is not finite.</exception>
    public static Hyperparameter Bounded(string name, double low, double high, double start) =>
        Checked(new Hyperparameter(name, HyperparameterRange.Bounded, start, low, high));

    /// <summary>A hyperparameter above an end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="low">The lower end, never reached.</param>
    /// <param name="start">The first value, above it.</param>
    /// <exception cref="ArgumentException">The first value is not above the end.</exception>
    public static Hyperparameter AtLeast(string name, double low, double start) =>
        Checked(new Hyperparameter(name, HyperparameterRange.AtLeast, start, low, double.PositiveInfinity));

    /// <summary>A hyperparameter below an end.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="high">The upper end, never reached.</param>
    /// <param name="start">The first value, below it.</param>
    /// <exception cref="ArgumentException">The first value is not below the end.</exception>
    public static Hyperparameter AtMost(string name, double high, double start) =>
        Checked(new Hyperparameter(name, HyperparameterRange.AtMost, start, double.NegativeInfinity, high));

    /// <summary>A hyperparameter above zero that is learned as its logarithm, such as a weight decay.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="start">The first value, above 0.</param>
    /// <exception cref="ArgumentException">The first value is not above 0.</exception>
    public static Hyperparameter Positive(string name, double start) =>
        Checked(new Hyperparameter(name, HyperparameterRange.Positive, start, 0, double.PositiveInfinity));

    /// <summary>A hyperparameter without bounds.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="start">The first value.</param>
    /// <exception cref="ArgumentException">The first value is not finite.</exception>
    public static Hyperparameter Free(string name, double start = 0) =>
        Checked(new Hyperparameter(name, HyperparameterRange.Free, start, double.NegativeInfinity, double.PositiveInfinity));

    /// <summary>The values that follow from the learned numbers.</summary>
    /// <param name="unconstrained">Any shape.</param>
    /// <returns>Shaped as it; differentiable where the value is not rounded down.</returns>
    public Tensor Value(Tensor unconstrained)
    {
        Tensor value = Range switch
        {
            HyperparameterRange.Bounded => Ops.AddScalar(Ops.MultiplyScalar(Ops.Sigmoid(unconstrained), (float)(High - Low)), (float)Low),
            HyperparameterRange.AtLeast => Ops.AddScalar(Ops.Softplus(unconstrained), (float)Low),
            HyperparameterRange.AtMost => Ops.AddScalar(Ops.Neg(Ops.Softplus(unconstrained)), (float)High),
            HyperparameterRange.Positive => Ops.Exp(unconstrained),
            _ => unconstrained,
        };
        return IsDiscrete ? Floor(value) : value;
    }

    /// <summary>The learned number from which a value follows.</summary>
    /// <param name="value">Strictly inside the range.</param>
    /// <exception cref="ArgumentException">The value is not inside.</exception>
    public double Unconstrained(double value)
    {
        // Also refuses NaN.
        if (!(value > Low && value < High))
        {
            string where = string.Create(CultureInfo.InvariantCulture, $"Hyperparameter {OneLine.Quote(Name)}: a value must lie strictly between {Low} and {High}; got {value}.");
            throw new ArgumentException($"{where} The ends are never reached: begin near one.", nameof(value));
        }
        return Range switch
        {
            HyperparameterRange.Bounded => Math.Log((value - Low) / (High - value)),
            HyperparameterRange.AtLeast => InverseSoftplus(value - Low),
            HyperparameterRange.AtMost => InverseSoftplus(High - value),
            HyperparameterRange.Positive => Math.Log(value),
            _ => value,
        };
    }

    /// <summary><c>log(e^y - 1)</c>, without overflow.</summary>
    internal static double InverseSoftplus(double y) => y + Math.Log(-Math.Exp(-y) + 1);

    private static Hyperparameter Checked(Hyperparameter made)
    {
        if (string.IsNullOrWhiteSpace(made.Name))
        {
            throw new ArgumentException("Hyperparameter: a name is needed; it stands in files, reports and messages.", nameof(made));
        }
        _ = made.Unconstrained(made.Start);
        return made;
    }

    // float32 keeps no fraction beyond 2^23: adding and subtracting rounds to the nearest whole number, from which one step down may be left.
    private static Tensor Floor(Tensor x)
    {
        const float Rounding = 3 << 22;
        Tensor exact = Ops.Detach(x);
        Tensor nearest = Ops.AddScalar(Ops.AddScalar(exact, Rounding), -Rounding);
        return Ops.Subtract(nearest, Ops.Step(Ops.Subtract(nearest, exact)));
    }
}
