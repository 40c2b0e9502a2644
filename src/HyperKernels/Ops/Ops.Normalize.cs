using HyperKernels.Backends;

namespace HyperKernels;

public static partial class Ops
{
    /// <summary>Normalises the trailing axes of each sample: <c>(x - mean) / sqrt(variance + eps) gain + bias</c>.</summary>
    /// <param name="x">At least <paramref name="axes"/> axes.</param>
    /// <param name="axes">How many trailing axes are normalised together; at least 1.</param>
    /// <param name="gain">
    /// Shaped as the normalised axes, or with a leading axis C that divides <c>x.Shape[0]</c>: one for each sample or group of consecutive samples;
    /// null means ones.
    /// </param>
    /// <param name="bias">As gain; null means zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in x, gain and bias, any number of times. Source: Ba, Kiros, Hinton, 2016, equation 4.</remarks>
    public static Tensor LayerNorm(Tensor x, int axes, Tensor? gain = null, Tensor? bias = null, float epsilon = 1e-5f) =>
        NormalizeTrailing("LayerNorm", x, axes, gain, bias, epsilon, centred: true);

    /// <summary>Scales the trailing axes of each sample to a mean square of one: <c>x / sqrt(mean(x^2) + eps) gain</c>.</summary>
    /// <param name="x">At least <paramref name="axes"/> axes.</param>
    /// <param name="axes">How many trailing axes are normalised together; at least 1.</param>
    /// <param name="gain">Shaped as the normalised axes, or with a leading axis C that divides <c>x.Shape[0]</c>; null means ones.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in x and gain, any number of times. Source: Zhang, Sennrich, NeurIPS 2019, equation 4.</remarks>
    public static Tensor RmsNorm(Tensor x, int axes, Tensor? gain = null, float epsilon = 1e-5f) =>
        NormalizeTrailing("RmsNorm", x, axes, gain, null, epsilon, centred: false);

    /// <summary>Normalises groups of neighbouring channels of each sample, with a gain and bias per channel.</summary>
    /// <param name="x"><c>[B, channels, ...]</c>.</param>
    /// <param name="groups">How many groups; divides the channels.</param>
    /// <param name="gain"><c>[channels]</c>, or <c>[C, channels]</c> with C dividing B; null means ones.</param>
    /// <param name="bias">As gain; null means zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in x, gain and bias, any number of times. Source: Wu, He, ECCV 2018, equations 1 and 7.</remarks>
    public static Tensor GroupNorm(Tensor x, int groups, Tensor? gain = null, Tensor? bias = null, float epsilon = 1e-5f)
    {
        NormalizeSizes sizes = ChannelSizes("GroupNorm", x, epsilon);
        if (groups < 1 || sizes.Groups % groups != 0 || groups > Math.Max(1, sizes.Groups))
        {
            Throw.Argument($"GroupNorm: groups must divide the {sizes.Groups} channels of {x.Shape}; got {groups}.");
        }
        sizes.Channels = sizes.Groups / groups;
        sizes.Groups = groups;
        return Normalize("GroupNorm", sizes, x, x.Shape[0], [x.Shape[1]], gain, bias).Output;
    }

    /// <summary>Normalises each channel over the batch: training mode of batch normalisation.</summary>
    /// <param name="x"><c>[B, channels, ...]</c>.</param>
    /// <param name="gain"><c>[channels]</c>, or <c>[C, channels]</c> with C dividing B; null means ones.</param>
    /// <param name="bias">As gain; null means zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>
    /// Shaped as x, and each channel's mean and variance (of all its elements, not less one), <c>[channels]</c>, for running averages: no
    /// gradient flows through those two.
    /// </returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in x, gain and bias, any number of times. Source: Ioffe, Szegedy, ICML 2015, algorithm 1.</remarks>
    public static (Tensor Output, Tensor Mean, Tensor Variance) BatchNorm(Tensor x, Tensor? gain = null, Tensor? bias = null, float epsilon = 1e-5f)
    {
        NormalizeSizes sizes = ChannelSizes("BatchNorm", x, epsilon);
        sizes.AcrossOuter = true;
        (Tensor y, Tensor? mean, Tensor variance) = Normalize("BatchNorm", sizes, x, x.Shape[0], [x.Shape[1]], gain, bias);
        return (y, mean!.Value, variance);
    }

    /// <summary>Normalises each channel by given statistics: <c>(x - mean) / sqrt(variance + eps) gain + bias</c>.</summary>
    /// <param name="x"><c>[B, channels, ...]</c>.</param>
    /// <param name="mean"><c>[channels]</c>.</param>
    /// <param name="variance"><c>[channels]</c>.</param>
    /// <param name="gain"><c>[channels]</c>, or <c>[C, channels]</c> with C dividing B; null means ones.</param>
    /// <param name="bias">As gain; null means zeros.</param>
    /// <param name="epsilon">Added to the variance.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    /// <remarks>Differentiable in everything, any number of times.</remarks>
    public static Tensor BatchNormInference(
        Tensor x, Tensor mean, Tensor variance, Tensor? gain = null, Tensor? bias = null, float epsilon = 1e-5f)
    {
        NormalizeSizes sizes = ChannelSizes("BatchNormInference", x, epsilon);
        Shape channels = [sizes.Groups];
        CheckFloats("BatchNormInference", x, mean);
        CheckFloats("BatchNormInference", x, variance);
        if (mean.Shape != channels || variance.Shape != channels)
        {
            Throw.Argument($"BatchNormInference: mean and variance must be {channels} for x {x.Shape}; they are {mean.Shape} and {variance.Shape}.");
        }
        sizes.Sets = CheckSets("BatchNormInference", x, gain, bias, channels, x.Shape[0]);
        // One multiplication and one addition per element: y = x scale + (bias - mean scale).
        Tensor scale = Rsqrt(AddScalar(variance, epsilon));
        scale = gain is { } g ? Multiply(g, scale) : scale;
        Tensor shift = Multiply(mean, scale);
        shift = bias is { } b ? Subtract(b, shift) : Neg(shift);
        return Reshape(Add(Multiply(InSets(x, sizes), PerSet(scale, sizes)), PerSet(shift, sizes)), x.Shape);
    }

    /// <summary>Scales vectors along an axis to length one: <c>x / max(|x|, eps)</c>.</summary>
    /// <param name="x">Any shape.</param>
    /// <param name="axis">Along which; negative counts from the end.</param>
    /// <param name="epsilon">The smallest length that is divided by.</param>
    /// <returns>Shaped as x.</returns>
    /// <exception cref="ArgumentException">There is no such axis, x holds integers, or epsilon is not positive.</exception>
    /// <remarks>Differentiable, any number of times; a vector of zeros stays zeros.</remarks>
    public static Tensor L2Normalize(Tensor x, int axis = -1, float epsilon = 1e-12f)
    {
        CheckFloat("L2Normalize", x);
        axis = CheckAxis("L2Normalize", x.Shape, axis);
        // Its square bounds the sum of squares: below 1e-19 that would be no normal number.
        if (!(epsilon >= 1e-19f))
        {
            Throw.Argument($"L2Normalize: epsilon must be at least 1e-19; got {epsilon}.");
        }
        return Divide(x, Sqrt(Clamp(Sum(Square(x), [axis], keepAxes: true), epsilon * epsilon, float.PositiveInfinity)));
    }
}
