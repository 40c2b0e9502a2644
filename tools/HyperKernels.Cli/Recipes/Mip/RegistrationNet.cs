using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// Reads two images and says, for every pixel, how far from it the first has to be looked up to look like the second: a small network of the shape of a U,
/// whose fine branch goes round the coarse one.
/// </summary>
/// <remarks>After VoxelMorph (Balakrishnan et al., arXiv 1809.05231), with one halving instead of four.</remarks>
internal sealed class RegistrationNet : TensorLayer
{
    private const int Fine = 8;
    private const int Coarse = 16;

    private readonly Conv2d _enter;
    private readonly Conv2d _down;
    private readonly Conv2d _middle;
    private readonly Conv2d _up;
    private readonly Conv2d _field;

    public RegistrationNet(RandomStream random)
    {
        _enter = Add("enter", new Conv2d(2, Fine, kernelSize: 3, padding: 1, random: random));
        _down = Add("down", new Conv2d(Fine, Coarse, kernelSize: 3, padding: 1, random: random));
        _middle = Add("middle", new Conv2d(Coarse, Coarse, kernelSize: 3, padding: 1, random: random));
        _up = Add("up", new Conv2d(Coarse + Fine, Fine, kernelSize: 3, padding: 1, random: random));
        _field = Add("field", new Conv2d(Fine, 2, kernelSize: 3, padding: 1, random: random));
    }

    /// <summary>The displacements.</summary>
    /// <param name="input">The image to move and the one to meet, <c>[B, 2, H, W]</c>.</param>
    /// <returns><c>[B, 2, H, W]</c>: pixels across and down.</returns>
    public override Tensor Forward(Tensor input)
    {
        Tensor fine = Ops.LeakyRelu(_enter.Forward(input), 0.2f);
        Tensor coarse = Ops.LeakyRelu(_down.Forward(Ops.AveragePool2d(fine, 2)), 0.2f);
        coarse = Ops.LeakyRelu(_middle.Forward(coarse), 0.2f);
        Tensor joined = Ops.Concatenate(1, Ops.ResizeBilinear(coarse, input.Shape[2], input.Shape[3]), fine);
        return _field.Forward(Ops.LeakyRelu(_up.Forward(joined), 0.2f));
    }
}
