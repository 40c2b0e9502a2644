using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An invertible function of rows whose change of volume is known: what turns noise into weights of which the density is known too,
/// <c>log q(h(e)) = log N(e; 0, I) - log|det dh/de|</c>.
/// </summary>
public abstract class Flow : TensorLayer
{
    // Keeps scales away from zero, as in the authors' code.
    private protected const float SmallestScale = 0.001f;

    private static readonly double s_logTwoPi = Math.Log(2 * Math.PI);

    /// <summary>Starts a flow.</summary>
    /// <param name="features">D, the numbers of a row.</param>
    /// <exception cref="ArgumentException">features is below 1.</exception>
    protected Flow(int features)
    {
        if (features < 1)
        {
            throw new ArgumentException($"{GetType().Name}: features must be at least 1; got {features}.", nameof(features));
        }
        Features = features;
    }

    /// <summary>D: the numbers of a row.</summary>
    public int Features { get; }

    /// <summary>Computes the function and how it changes volume.</summary>
    /// <param name="input"><c>[C, D]</c></param>
    /// <returns>The output <c>[C, D]</c>, and for every row the logarithm of the Jacobian's determinant, <c>[C]</c>.</returns>
    /// <exception cref="ArgumentException">The input has another shape.</exception>
    public abstract (Tensor Output, Tensor LogDeterminant) Transform(Tensor input);

    /// <summary>Finds what an output comes from.</summary>
    /// <param name="output"><c>[C, D]</c></param>
    /// <returns><c>[C, D]</c></returns>
    /// <exception cref="ArgumentException">The output has another shape.</exception>
    public abstract Tensor Inverse(Tensor output);

    /// <summary>Computes the function alone.</summary>
    /// <param name="input"><c>[C, D]</c></param>
    /// <returns><c>[C, D]</c></returns>
    public override Tensor Forward(Tensor input) => Transform(input).Output;

    /// <summary>The function's values of noise, and the logarithm of their density.</summary>
    /// <param name="noise"><c>[C, D]</c>, from N(0, 1).</param>
    /// <returns>The values <c>[C, D]</c>, and their log density <c>[C]</c>.</returns>
    public (Tensor Values, Tensor LogDensity) Sample(Tensor noise)
    {
        (Tensor values, Tensor logDeterminant) = Transform(noise);
        return (values, Ops.Subtract(LogNormal(noise, 0, 1), logDeterminant));
    }

    /// <summary>The log density of rows under a normal distribution of independent numbers.</summary>
    internal static Tensor LogNormal(Tensor rows, float mean, float precision)
    {
        Tensor squares = Ops.Sum(Ops.Square(Ops.AddScalar(rows, -mean)), [1]);
        double constant = 0.5 * rows.Shape[1] * (Math.Log(precision) - s_logTwoPi);
        return Ops.AddScalar(Ops.MultiplyScalar(squares, -0.5f * precision), (float)constant);
    }

    private protected void Check(Tensor rows)
    {
        if (rows.Rank != 2 || rows.Shape[1] != Features)
        {
            throw new ArgumentException($"{GetType().Name}: rows must be [C, {Features}]; got {rows.Shape}.", nameof(rows));
        }
    }

    /// <summary>A linear layer of such small weights that the flow starts close to the identity.</summary>
    private protected static Linear NewLinear(int inFeatures, int outFeatures, RandomStream? random)
    {
        const float Deviation = 1e-4f;
        Linear linear = new(inFeatures, outFeatures, random: random);
        Initializer.Normal(0, Deviation).Apply(linear.Weight, random);
        linear.Bias!.Load(new float[outFeatures]);
        return linear;
    }
}
