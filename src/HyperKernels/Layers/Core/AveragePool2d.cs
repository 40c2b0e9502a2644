namespace HyperKernels.Layers;

/// <summary>The mean of every window over the last two axes; padding counts as zeros.</summary>
public sealed class AveragePool2d : TensorLayer, IStoredLayer<AveragePool2d>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="kernelSize">Height and width of the window.</param>
    /// <param name="stride">Steps of the window; null means its size.</param>
    /// <param name="padding">Zeros around the input; at most half the window.</param>
    /// <exception cref="ArgumentException">A size is out of range.</exception>
    public AveragePool2d(int kernelSize, int? stride = null, int padding = 0)
    {
        KernelSize = kernelSize;
        Stride = stride ?? kernelSize;
        Padding = padding;
        Checks.Window("AveragePool2d", KernelSize, Stride, Padding);
    }

    /// <summary>Height and width of the window.</summary>
    public int KernelSize { get; }

    /// <summary>Steps of the window.</summary>
    public int Stride { get; }

    /// <summary>Zeros around the input.</summary>
    public int Padding { get; }

    /// <summary>Takes means.</summary>
    /// <param name="input"><c>[B, C, H, W]</c></param>
    /// <returns><c>[B, C, H', W']</c></returns>
    public override Tensor Forward(Tensor input) => Ops.AveragePool2d(input, KernelSize, Stride, Padding);

    /// <inheritdoc/>
    protected override string Describe() => $"AveragePool2d({KernelSize})";

    static string IStoredLayer<AveragePool2d>.TypeName => "AveragePool2d";

    static AveragePool2d IStoredLayer<AveragePool2d>.Read(LayerSettings settings) =>
        new(settings.Int("kernelSize"), settings.Int("stride"), settings.Int("padding"));

    void IStoredLayer<AveragePool2d>.WriteSettings(LayerSettings settings) =>
        settings.Set("kernelSize", KernelSize).Set("stride", Stride).Set("padding", Padding);
}
