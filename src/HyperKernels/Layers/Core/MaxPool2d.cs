namespace HyperKernels.Layers;

/// <summary>The largest value in every window over the last two axes.</summary>
public sealed class MaxPool2d : TensorLayer, IStoredLayer<MaxPool2d>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="kernelSize">Height and width of the window.</param>
    /// <param name="stride">Steps of the window; null means its size.</param>
    /// <param name="padding">Padding around the input, whose places never win; at most half the window.</param>
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public MaxPool2d(int kernelSize, int? stride = null, int padding = 0)
    {
        KernelSize = kernelSize;
        Stride = stride ?? kernelSize;
        Padding = padding;
        Checks.Window("MaxPool2d", KernelSize, Stride, Padding);
    }

    /// <summary>Height and width of the window.</summary>
    public int KernelSize { get; }

    /// <summary>Steps of the window.</summary>
    public int Stride { get; }

    /// <summary>Padding around the input.</summary>
    public int Padding { get; }

    /// <summary>Takes the largest values.</summary>
    /// <param name="input"><c>[B, C, H, W]</c></param>
    /// <returns><c>[B, C, H', W']</c></returns>
    public override Tensor Forward(Tensor input) => Ops.MaxPool2d(input, KernelSize, Stride, Padding);

    /// <inheritdoc/>
    protected override string Describe() => $"MaxPool2d({KernelSize})";

    static string IStoredLayer<MaxPool2d>.TypeName => "MaxPool2d";

    static MaxPool2d IStoredLayer<MaxPool2d>.Read(LayerSettings settings) => new(settings.Int("kernelSize"), settings.Int("stride"), settings.Int("padding"));

    void IStoredLayer<MaxPool2d>.WriteSettings(LayerSettings settings) => settings.Set("kernelSize", KernelSize).Set("stride", Stride).Set("padding", Padding);
}
