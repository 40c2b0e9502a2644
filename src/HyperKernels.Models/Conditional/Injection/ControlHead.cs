using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Lets one level of Cocktail's control network modulate the level of a frozen network beside it: <c>s &lt;- s (1 + g) + q</c> with <c>[g, q]</c> a convolution of the
/// control's features that starts at zero, so that at first nothing changes, to the bit.
/// </summary>
/// <remarks>
/// The frozen network's middle comes first, then its skips from the deepest on, each before it is joined. Source: Hu and others, Cocktail, NeurIPS 2023 (arXiv 2306.00964),
/// section 3.2.
/// </remarks>
public sealed class ControlHead : Layer, IStoredLayer<ControlHead>
{
    private readonly Conv2d _conv;

    static ControlHead() => LayerTypes.Register<ControlHead>();

    /// <summary>Makes the head.</summary>
    /// <param name="channels">Of the control's features and of what is modulated.</param>
    /// <exception cref="ArgumentException">channels is less than 1.</exception>
    public ControlHead(int channels)
    {
        Channels = channels;
        _conv = Add("conv", new Conv2d(channels, 2 * channels, kernelSize: 1));
        Initializer.Zeros.Apply(_conv.Weight);
        Initializer.Zeros.Apply(_conv.Bias!);
    }

    /// <summary>Of the control's features and of what is modulated.</summary>
    public int Channels { get; }

    /// <summary>Modulates.</summary>
    /// <param name="skip">The frozen network's features, <c>[B, C, H, W]</c>.</param>
    /// <param name="control">The control network's, of the same shape.</param>
    /// <returns>The shape of both.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor skip, Tensor control) => ControlNorm.Modulate(skip, _conv.Forward(control));

    static string IStoredLayer<ControlHead>.TypeName => "ControlHead";

    static ControlHead IStoredLayer<ControlHead>.Read(LayerSettings settings) => new(settings.Int("channels"));

    void IStoredLayer<ControlHead>.WriteSettings(LayerSettings settings) => settings.Set("channels", Channels);

    /// <inheritdoc/>
    protected override string Describe() => $"ControlHead({Channels})";
}
