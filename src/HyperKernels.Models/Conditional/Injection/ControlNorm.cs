using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A batch norm whose scale and shift are maps that control pictures gave: <c>h &lt;- BN(h) (1 + gamma) + beta</c> with gamma and beta at every place and channel. It is the
/// first step of Cocktail's control network; later steps modulate a frozen network through <see cref="ControlHead"/>.
/// </summary>
/// <remarks>
/// Source: Hu and others, Cocktail: Mixing Multi-Modality Controls for Text-Conditional Image Generation, NeurIPS 2023 (arXiv 2306.00964), section 3.2, and the authors'
/// code, mhh0318/Cocktail.
/// </remarks>
public sealed class ControlNorm : Layer, IStoredLayer<ControlNorm>
{
    private readonly BatchNorm _norm;

    static ControlNorm()
    {
        LayerTypes.Register<ControlNorm>();
        LayerTypes.Register<ControlFusion>();
        LayerTypes.Register<ControlHead>();
    }

    /// <summary>Makes the layer.</summary>
    /// <param name="channels">C.</param>
    /// <exception cref="ArgumentException">channels is less than 1.</exception>
    public ControlNorm(int channels)
    {
        Channels = channels;
        _norm = Add("norm", new BatchNorm(channels));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "cocktail",
        Title = "Cocktail: fused control maps that scale and shift a frozen network",
        Kind = SystemKind.Conditional,
        Paper = new Paper(
            "Hu and others", "Cocktail: Mixing Multi-Modality Controls for Text-Conditional Image Generation", "NeurIPS", 2023) { Arxiv = "2306.00964" },
        Equation = "[gamma, beta] = conv(cat_i BN(hint_i)); h <- BN(h) (1 + gamma) + beta; s_l <- s_l (1 + g_l) + q_l, [g_l, q_l] = zeroconv_l(h_l)",
        Source = "section 3.2; the authors' code, mhh0318/Cocktail",
        Layers = [typeof(ControlNorm), typeof(ControlFusion), typeof(ControlHead)],
        Cases = ["Cocktail"],
    };

    /// <summary>C.</summary>
    public int Channels { get; }

    /// <summary>Scales and shifts every place of a map by itself: <c>x (1 + gamma) + beta</c>. Maps of zeros change no bit.</summary>
    /// <param name="x"><c>[B, C, H, W]</c></param>
    /// <param name="maps">gamma, then beta: <c>[B, 2 C, H, W]</c>.</param>
    /// <returns>The shape of x.</returns>
    /// <exception cref="ArgumentException">The maps are not twice x.</exception>
    public static Tensor Modulate(Tensor x, Tensor maps)
    {
        if (x.Rank != 4 || maps.Shape != x.Shape.With(1, 2 * x.Shape[1]))
        {
            throw new ArgumentException($"ControlNorm: x must be [B, C, H, W] and the maps [B, 2 C, H, W]; they are {x.Shape} and {maps.Shape}.", nameof(maps));
        }
        Tensor[] parts = Ops.Split(maps, 1, x.Shape[1], x.Shape[1]);
        return Ops.Add(Ops.Multiply(x, Ops.AddScalar(parts[0], 1)), parts[1]);
    }

    /// <summary>Normalises and modulates.</summary>
    /// <param name="input"><c>[B, C, H, W]</c></param>
    /// <param name="maps">What a <see cref="ControlFusion"/> gave, <c>[B, 2 C, H, W]</c>.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor maps) => Modulate(_norm.Forward(input), maps);

    static string IStoredLayer<ControlNorm>.TypeName => "ControlNorm";

    static ControlNorm IStoredLayer<ControlNorm>.Read(LayerSettings settings) => new(settings.Int("channels"));

    void IStoredLayer<ControlNorm>.WriteSettings(LayerSettings settings) => settings.Set("channels", Channels);

    /// <inheritdoc/>
    protected override string Describe() => $"ControlNorm({Channels})";
}
