namespace HyperKernels.Layers;

/// <summary>Means over the last two axes, by as many windows as give a wanted height and width.</summary>
public sealed class AdaptiveAveragePool2d : TensorLayer, IStoredLayer<AdaptiveAveragePool2d>
{
    /// <summary>Makes the layer for a square result.</summary>
    /// <param name="size">Height and width of what comes out.</param>
    /// <exception cref="ArgumentException">The size is less than 1.</exception>
    public AdaptiveAveragePool2d(int size)
        : this(size, size)
    {
    }

    /// <summary>Makes the layer.</summary>
    /// <param name="height">The height of what comes out.</param>
    /// <param name="width">The width of what comes out.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public AdaptiveAveragePool2d(int height, int width)
    {
        Checks.Positive("AdaptiveAveragePool2d", "height", height);
        Checks.Positive("AdaptiveAveragePool2d", "width", width);
        Height = height;
        Width = width;
    }

    /// <summary>The height of what comes out.</summary>
    public int Height { get; }

    /// <summary>The width of what comes out.</summary>
    public int Width { get; }

    /// <summary>Takes means.</summary>
    /// <param name="input"><c>[B, C, H, W]</c></param>
    /// <returns><c>[B, C, height, width]</c></returns>
    public override Tensor Forward(Tensor input) => Ops.AdaptiveAveragePool2d(input, Height, Width);

    /// <inheritdoc/>
    protected override string Describe() => $"AdaptiveAveragePool2d({Height}, {Width})";

    static string IStoredLayer<AdaptiveAveragePool2d>.TypeName => "AdaptiveAveragePool2d";

    static AdaptiveAveragePool2d IStoredLayer<AdaptiveAveragePool2d>.Read(LayerSettings settings) => new(settings.Int("height"), settings.Int("width"));

    void IStoredLayer<AdaptiveAveragePool2d>.WriteSettings(LayerSettings settings) => settings.Set("height", Height).Set("width", Width);
}
