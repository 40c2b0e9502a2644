using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A function of coordinates with sines between its layers: <c>h &lt;- sin(w (W h + b))</c>, with a frequency of its own in the first layer and a linear last one. One
/// signal is one weight set: a hypernetwork (<see cref="FunctionHyperNetwork"/>) makes one for every signal of a batch.
/// </summary>
/// <remarks>
/// First values keep the sines' arguments standard normal at any depth: the first layer's weights are uniform within <c>1 / I</c>, the others' within
/// <c>sqrt(6 / I) / w</c>. Source: Sitzmann and others, Implicit Neural Representations with Periodic Activation Functions, NeurIPS 2020 (arXiv 2006.09661), section 3.2.
/// </remarks>
public sealed class Siren : TensorLayer, IStoredLayer<Siren>
{
    private readonly Linear[] _layers;

    static Siren() => LayerTypes.Register<Siren>();

    /// <summary>Makes the function.</summary>
    /// <param name="sizes">Coordinates, hidden widths, outputs: two sizes or more.</param>
    /// <param name="firstFrequency">w of the first layer.</param>
    /// <param name="frequency">w of the others.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">Fewer than two sizes, one less than 1, or a frequency that is not positive.</exception>
    public Siren(IReadOnlyList<int> sizes, float firstFrequency = 30, float frequency = 30, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        if (sizes.Count < 2 || sizes.Min() < 1 || !(firstFrequency > 0) || !(frequency > 0))
        {
            throw new ArgumentException(
                $"Siren: two positive sizes or more and positive frequencies are needed; got [{string.Join(", ", sizes)}], {firstFrequency} and {frequency}.");
        }
        (FirstFrequency, Frequency) = (firstFrequency, frequency);
        _layers = new Linear[sizes.Count - 1];
        for (int i = 0; i < _layers.Length; i++)
        {
            _layers[i] = Add($"layer{i}", new Linear(sizes[i], sizes[i + 1], random: random));
            (i == 0 ? Initializer.SirenFirst() : Initializer.Siren(frequency)).Apply(_layers[i].Weight, random);
        }
    }

    /// <summary>w of the first layer.</summary>
    public float FirstFrequency { get; }

    /// <summary>w of the others.</summary>
    public float Frequency { get; }

    /// <summary>The linear layers in order.</summary>
    public IReadOnlyList<Linear> Layers => _layers;

    /// <summary>Evaluates the function.</summary>
    /// <param name="input">Coordinates <c>[B, ..., first size]</c>.</param>
    /// <returns><c>[B, ..., last size]</c></returns>
    /// <exception cref="ArgumentException">The last axis has another size.</exception>
    public override Tensor Forward(Tensor input)
    {
        Tensor h = input;
        for (int i = 0; i < _layers.Length - 1; i++)
        {
            h = _layers[i].Forward(h, Activation.Sine(i == 0 ? FirstFrequency : Frequency));
        }
        return _layers[^1].Forward(h);
    }

    static string IStoredLayer<Siren>.TypeName => "Siren";

    static Siren IStoredLayer<Siren>.Read(LayerSettings settings) => new(settings.Ints("sizes"), settings.Number("firstFrequency"), settings.Number("frequency"));

    void IStoredLayer<Siren>.WriteSettings(LayerSettings settings) => settings
        .Set("sizes", [_layers[0].InFeatures, .. _layers.Select(static layer => layer.OutFeatures)])
        .Set("firstFrequency", FirstFrequency).Set("frequency", Frequency);

    /// <inheritdoc/>
    protected override string Describe() => $"Siren(frequencies: {FirstFrequency}, {Frequency})";
}
