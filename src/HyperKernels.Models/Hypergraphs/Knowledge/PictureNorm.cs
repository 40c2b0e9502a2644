using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Batch norm of pictures whose gain and bias can also be left to the norm behind the next convolution, which takes them off but for its epsilon.</summary>
internal sealed class PictureNorm : Layer
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly BatchNorm _statistics;

    public PictureNorm(int pictures)
    {
        _weight = AddParameter("weight", [pictures], Initializer.Ones, null, ParameterRole.Gain);
        _bias = AddParameter("bias", [pictures], Initializer.Zeros, null, ParameterRole.Bias);
        _statistics = Add("statistics", new BatchNorm(pictures, affine: false));
    }

    /// <summary>Without gain and bias: <c>[B, pictures, H, W]</c>, of mean 0 and variance 1.</summary>
    public Tensor Normalise(Tensor pictures) => _statistics.Forward(pictures);

    /// <summary>With them.</summary>
    public Tensor Forward(Tensor pictures)
    {
        Shape channels = [_weight.Shape[0], 1, 1];
        return Ops.Add(Ops.Multiply(Normalise(pictures), Ops.Reshape(_weight.Value, channels)), Ops.Reshape(_bias.Value, channels));
    }

    /// <summary>What convolving the normalised pictures with circular padding lacks, channel by channel: a factor, and the bias times the sum of a kernel.</summary>
    /// <param name="kernels">Of one picture, <c>[channels, 1, k, k]</c>; all pictures have the same.</param>
    /// <returns><c>[pictures * channels]</c> each.</returns>
    public (Tensor Scale, Tensor Shift) Behind(Tensor kernels)
    {
        int channels = kernels.Shape[0];
        Tensor sums = Ops.Tile(Ops.Sum(kernels, [1, 2, 3]), _weight.Shape[0]);
        return (Ops.RepeatRows(_weight.Value, channels), Ops.Multiply(Ops.RepeatRows(_bias.Value, channels), sums));
    }
}
