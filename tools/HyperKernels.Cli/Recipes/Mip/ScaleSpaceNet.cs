using HyperKernels.Cli.Data;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Three convolutions with a rescaling after each of the first two, by a factor that may differ from call to call where networks for images usually halve:
/// small factors cost little, large ones keep detail.
/// </summary>
/// <remarks>The idea of scale-space hypernetworks: Gonzalez Ortiz, Guttag, Dalca, arXiv 2304.05448.</remarks>
internal sealed class ScaleSpaceNet : TensorLayer
{
    private const int First = 8;
    private const int Second = 16;
    private const int Third = 16;
    private const int Kernel = 3;

    // Whatever the factor, so many parts of the image are told apart in the end.
    private const int Parts = 4;

    private readonly Conv2d _first;
    private readonly Conv2d _second;
    private readonly Conv2d _third;
    private readonly Linear _classes;

    public ScaleSpaceNet(RandomStream random)
    {
        _first = Add("first", new Conv2d(1, First, Kernel, padding: 1, random: random));
        _second = Add("second", new Conv2d(First, Second, Kernel, padding: 1, random: random));
        _third = Add("third", new Conv2d(Second, Third, Kernel, padding: 1, random: random));
        _classes = Add("classes", new Linear(Third * Parts * Parts, ImageSet.Classes, random: random));
    }

    /// <summary>By how much images become smaller after each of the first two convolutions.</summary>
    public float Factor { get; set; } = 0.5f;

    /// <summary><c>[B, 1, H, W]</c> to <c>[B, 10]</c>.</summary>
    public override Tensor Forward(Tensor input)
    {
        (int height, int width) = (input.Shape[2], input.Shape[3]);
        Tensor x = Ops.Relu(_first.Forward(input));
        x = Ops.ResizeBilinear(x, Scaled(height, Factor), Scaled(width, Factor));
        x = Ops.Relu(_second.Forward(x));
        x = Ops.ResizeBilinear(x, Scaled(height, Factor * Factor), Scaled(width, Factor * Factor));
        x = Ops.Relu(_third.Forward(x));
        return _classes.Forward(Ops.Flatten(Ops.AdaptiveAveragePool2d(x, Parts, Parts)));
    }

    /// <summary>Multiply-adds of one image of a size in the convolutions and the linear layer.</summary>
    public static long Cost(int height, int width, float factor)
    {
        long Convolution(int inputs, int outputs, float scale) => (long)inputs * outputs * Kernel * Kernel * Scaled(height, scale) * Scaled(width, scale);
        return Convolution(1, First, 1) + Convolution(First, Second, factor) + Convolution(Second, Third, factor * factor) + (Third * Parts * Parts * ImageSet.Classes);
    }

    private static int Scaled(int size, float factor) => Math.Max(1, (int)MathF.Round(size * factor));
}
