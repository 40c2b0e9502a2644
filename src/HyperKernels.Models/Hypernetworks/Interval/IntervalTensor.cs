namespace HyperKernels.Models;

/// <summary>Numbers that are known only to lie between two ends, with a middle that need not be halfway: all three of one shape.</summary>
/// <param name="Lower">The lower end.</param>
/// <param name="Middle">What is computed without any interval.</param>
/// <param name="Upper">The upper end.</param>
/// <param name="IsNonNegative">Whether no number is below 0, which products with intervals of weights need.</param>
/// <remarks>Rounding may put an end past the middle by a unit in the last place.</remarks>
public readonly record struct IntervalTensor(Tensor Lower, Tensor Middle, Tensor Upper, bool IsNonNegative = false)
{
    /// <summary>Whether the interval is a point: ends and middle are one tensor.</summary>
    internal bool IsPoint => Lower.Equals(Upper) && Lower.Equals(Middle);

    /// <summary>A point: numbers that are known exactly.</summary>
    /// <param name="values">The numbers.</param>
    /// <param name="isNonNegative">Whether none is below 0.</param>
    public static IntervalTensor Of(Tensor values, bool isNonNegative = false) => new(values, values, values, isNonNegative);

    /// <summary>An interval of a radius around its middle.</summary>
    /// <param name="middle">The middle.</param>
    /// <param name="radius">At least 0, of a shape that broadcasts to the middle's.</param>
    public static IntervalTensor Around(Tensor middle, Tensor radius) => new(Ops.Subtract(middle, radius), middle, Ops.Add(middle, radius));

    /// <summary>Applies a function that never falls, to ends and middle.</summary>
    /// <param name="function">The function, element by element, or one of several elements that falls in none.</param>
    /// <param name="isNonNegative">Whether its results are at least 0.</param>
    public IntervalTensor Map(Func<Tensor, Tensor> function, bool isNonNegative)
    {
        ArgumentNullException.ThrowIfNull(function);
        return IsPoint ? Of(function(Middle), isNonNegative) : new(function(Lower), function(Middle), function(Upper), isNonNegative);
    }
}
