using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The modified network of physics-informed learning: Fourier features <c>f</c> of the coordinates, <c>U = tanh(f W0 + b0)</c>, <c>V = tanh(f W1 + b1)</c>,
/// <c>h = tanh(f W2 + b2)</c>, then <c>h &lt;- tanh((U h + V (1 - h)) W_i + b_i)</c>, and a linear last layer.
/// </summary>
/// <remarks>Source: HyPINO (Bischof and others, arXiv 2509.05117), after Wang, Teng, Perdikaris (SIAM J. Sci. Comput. 2021); features <c>w_k = scale 2^k</c>.</remarks>
public sealed class ModifiedMlp : TensorLayer, IJetLayer, IStoredLayer<ModifiedMlp>
{
    private const int Gates = 3;

    private readonly Linear[] _layers;
    private readonly float[] _frequencies;

    static ModifiedMlp() => LayerTypes.Register<ModifiedMlp>();

    /// <summary>Makes the network.</summary>
    /// <param name="coordinates">D.</param>
    /// <param name="width">Of the hidden layers; 32 is the authors' default.</param>
    /// <param name="depth">Hidden layers behind the first three; 3 is the authors' default.</param>
    /// <param name="outFeatures">Values at a point.</param>
    /// <param name="frequencies">How many Fourier frequencies a coordinate has.</param>
    /// <param name="scale">The lowest frequency.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or depth or frequencies are negative.</exception>
    public ModifiedMlp(int coordinates, int width = 32, int depth = 3, int outFeatures = 1, int frequencies = 5, float scale = 0.1f, RandomStream? random = null)
    {
        if (coordinates < 1 || width < 1 || depth < 0 || outFeatures < 1 || frequencies < 0)
        {
            throw new ArgumentException(
                $"ModifiedMlp: sizes must be at least 1, depth and frequencies not negative; got {coordinates}, {width}, {depth}, {outFeatures} and {frequencies}.");
        }
        (Coordinates, Width, Depth, OutFeatures, Scale) = (coordinates, width, depth, outFeatures, scale);
        _frequencies = [.. Enumerable.Range(0, frequencies).Select(k => scale * (1 << k))];
        int features = coordinates * ((2 * frequencies) + 1);
        _layers = new Linear[Gates + depth + 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add($"layer{i}", new Linear(i < Gates ? features : width, i == _layers.Length - 1 ? outFeatures : width, random: random));
        }
    }

    /// <summary>D.</summary>
    public int Coordinates { get; }

    /// <summary>Of the hidden layers.</summary>
    public int Width { get; }

    /// <summary>Hidden layers behind the first three.</summary>
    public int Depth { get; }

    /// <summary>Values at a point.</summary>
    public int OutFeatures { get; }

    /// <summary>The lowest frequency.</summary>
    public float Scale { get; }

    /// <summary>Evaluates the network.</summary>
    /// <param name="input"><c>[B, ..., D]</c></param>
    /// <returns><c>[B, ..., outFeatures]</c></returns>
    public override Tensor Forward(Tensor input)
    {
        Tensor points = Ops.Reshape(input, input.Shape[0], -1, Coordinates);
        return Ops.Reshape(Evaluate(Jet.ValuesOf(points)).Value, input.Shape.With(input.Rank - 1, OutFeatures));
    }

    /// <inheritdoc/>
    public Jet ForwardJet(Tensor coordinates) => Evaluate(Jet.Of(coordinates));

    static string IStoredLayer<ModifiedMlp>.TypeName => "ModifiedMlp";

    static ModifiedMlp IStoredLayer<ModifiedMlp>.Read(LayerSettings settings) => new(
        settings.Int("coordinates"), settings.Int("width"), settings.Int("depth"), settings.Int("outFeatures"), settings.Int("frequencies"), settings.Number("scale"));

    void IStoredLayer<ModifiedMlp>.WriteSettings(LayerSettings settings) => settings
        .Set("coordinates", Coordinates).Set("width", Width).Set("depth", Depth).Set("outFeatures", OutFeatures).Set("frequencies", _frequencies.Length)
        .Set("scale", Scale);

    private Jet Evaluate(Jet coordinates)
    {
        Jet features = coordinates.Fourier(_frequencies);
        Jet[] gates = [.. _layers.Take(Gates).Select(layer => Apply(features, layer).Activate(Activation.Tanh))];
        Jet h = gates[2];
        foreach (Linear layer in _layers.Skip(Gates).SkipLast(1))
        {
            h = Apply(gates[0].Multiply(h).Add(gates[1].Multiply(h.OneLess())), layer).Activate(Activation.Tanh);
        }
        return Apply(h, _layers[^1]);
    }

    private static Jet Apply(Jet h, Linear layer) => h.Linear(layer.Weight, layer.Bias!.Value);
}
