using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Fuses any number of control pictures to one scale and one shift map: <c>[gamma, beta] = conv(cat_i BN_i(hint_i))</c>, the convolution of one place.</summary>
/// <remarks>
/// The convolution does not start at zero; what ends a control's own network does (<see cref="HintNetwork"/>). Source: Hu and others, Cocktail, NeurIPS 2023 (arXiv
/// 2306.00964), section 3.2, and the authors' code, mhh0318/Cocktail.
/// </remarks>
public sealed class ControlFusion : Layer, IStoredLayer<ControlFusion>
{
    // ControlNet's: channels and strides of the seven convolutions.
    private static readonly (int Channels, int Stride)[] s_hintLayers = [(16, 1), (16, 1), (32, 2), (32, 1), (96, 2), (96, 1), (256, 2)];

    private readonly BatchNorm[] _norms;
    private readonly Conv2d _conv;

    static ControlFusion() => LayerTypes.Register<ControlFusion>();

    /// <summary>Makes the fusion.</summary>
    /// <param name="channels">C, of each hint and of the maps.</param>
    /// <param name="controls">The number n of control pictures.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1.</exception>
    public ControlFusion(int channels, int controls, RandomStream? random = null)
    {
        if (channels < 1 || controls < 1)
        {
            throw new ArgumentException($"ControlFusion: channels and controls must be at least 1; got {channels} and {controls}.");
        }
        (Channels, Controls) = (channels, controls);
        _norms = [.. Enumerable.Range(0, controls).Select(i => Add($"norm{i}", new BatchNorm(channels)))];
        _conv = Add("conv", new Conv2d(channels * controls, 2 * channels, kernelSize: 1, random: random));
    }

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>n.</summary>
    public int Controls { get; }

    /// <summary>
    /// A control's own network, as the authors have it: seven convolutions with silu behind, three of which halve the picture, and one of a single place that starts at zero.
    /// </summary>
    /// <param name="inChannels">Of the control picture.</param>
    /// <param name="channels">C.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    public static Sequential HintNetwork(int inChannels, int channels, RandomStream? random = null)
    {
        List<TensorLayer> layers = [];
        int before = inChannels;
        foreach ((int width, int stride) in s_hintLayers)
        {
            layers.Add(new Conv2d(before, width, kernelSize: 3, stride: stride, padding: 1, random: random));
            layers.Add(new Silu());
            before = width;
        }
        Conv2d last = new(before, channels, kernelSize: 1, random: random);
        Initializer.Zeros.Apply(last.Weight);
        Initializer.Zeros.Apply(last.Bias!);
        return new Sequential([.. layers, last]);
    }

    /// <summary>Fuses hints.</summary>
    /// <param name="hints">What the controls' networks gave, each <c>[B, C, H, W]</c>.</param>
    /// <returns>gamma, then beta: <c>[B, 2 C, H, W]</c>.</returns>
    /// <exception cref="ArgumentException">There is another number of hints, or their shapes differ.</exception>
    public Tensor Forward(params ReadOnlySpan<Tensor> hints)
    {
        if (hints.Length != Controls)
        {
            throw new ArgumentException($"ControlFusion: there must be a hint for each of {Controls} controls; got {hints.Length}.", nameof(hints));
        }
        Tensor[] normal = new Tensor[Controls];
        for (int i = 0; i < normal.Length; i++)
        {
            normal[i] = _norms[i].Forward(hints[i]);
        }
        return _conv.Forward(Ops.Concatenate(1, normal));
    }

    static string IStoredLayer<ControlFusion>.TypeName => "ControlFusion";

    static ControlFusion IStoredLayer<ControlFusion>.Read(LayerSettings settings) => new(settings.Int("channels"), settings.Int("controls"));

    void IStoredLayer<ControlFusion>.WriteSettings(LayerSettings settings) => settings.Set("channels", Channels).Set("controls", Controls);

    /// <inheritdoc/>
    protected override string Describe() => $"ControlFusion({Channels}, controls: {Controls})";
}
