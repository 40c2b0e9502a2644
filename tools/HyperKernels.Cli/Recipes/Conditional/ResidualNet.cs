using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A residual network over pixels, <c>x = x + W2 gelu(W1 LN(x))</c> after a linear embedding, with two places for adapters in every block: inside, and before the sum.
/// </summary>
internal sealed class ResidualNet : Layer
{
    /// <summary>Places for adapters in a block.</summary>
    public const int Places = 2;

    private readonly Linear _embed;
    private readonly (LayerNorm Norm, Linear First, Linear Second)[] _blocks;
    private readonly LayerNorm _lastNorm;
    private readonly Linear _head;

    public ResidualNet(int pixels, int width, int blocks, int classes, RandomStream random)
    {
        _embed = Add("embed", new Linear(pixels, width, random: random));
        _blocks = new (LayerNorm, Linear, Linear)[blocks];
        for (int i = 0; i < blocks; i++)
        {
            _blocks[i] = (
                Add($"norm{i}", new LayerNorm(width)),
                Add($"first{i}", new Linear(width, width, random: random)),
                Add($"second{i}", new Linear(width, width, random: random)));
        }
        _lastNorm = Add("last_norm", new LayerNorm(width));
        _head = Add("head", new Linear(width, classes, random: random));
    }

    /// <summary>Class scores.</summary>
    /// <param name="images"><c>[B, 1, height, width]</c></param>
    /// <param name="adapt">What adapters make of <c>[B, width]</c> at a block's place; null without adapters.</param>
    /// <returns><c>[B, classes]</c></returns>
    public Tensor Forward(Tensor images, Func<Tensor, int, int, Tensor>? adapt = null)
    {
        Tensor x = _embed.Forward(Ops.Reshape(images, images.Shape[0], -1));
        for (int i = 0; i < _blocks.Length; i++)
        {
            (LayerNorm norm, Linear first, Linear second) = _blocks[i];
            Tensor inside = first.Forward(norm.Forward(x), Activation.Gelu);
            Tensor change = second.Forward(adapt?.Invoke(inside, i, 0) ?? inside);
            x = Ops.Add(x, adapt?.Invoke(change, i, 1) ?? change);
        }
        return _head.Forward(_lastNorm.Forward(x));
    }
}
