using System.Globalization;

namespace HyperKernels.Layers;

/// <summary>While training, sets elements to zero at random and scales the others by <c>1 / (1 - p)</c>; else passes everything.</summary>
/// <remarks>Source: Srivastava et al., JMLR 15, 2014.</remarks>
public sealed class Dropout : TensorLayer, IStoredLayer<Dropout>
{
    /// <summary>Makes the layer.</summary>
    /// <param name="probability">That an element is dropped; in [0, 1].</param>
    /// <param name="random">Where the choice comes from; null means what is <see cref="Initializer.Random"/> now.</param>
    /// <exception cref="ArgumentException">The probability is not in [0, 1].</exception>
    public Dropout(float probability = 0.5f, RandomStream? random = null)
    {
        if (!(probability >= 0 && probability <= 1))
        {
            Throw.Argument($"Dropout: the probability must be in [0, 1]; got {probability}.");
        }
        Probability = probability;
        Random = random ?? Initializer.Random;
    }

    /// <summary>That an element is dropped.</summary>
    public float Probability { get; }

    /// <summary>The stream that the choices come from: a checkpoint keeps its state.</summary>
    public RandomStream Random { get; }

    /// <summary>Drops elements while training.</summary>
    /// <param name="input">Any shape.</param>
    /// <returns>The shape of the input; the input itself when the layer does not train.</returns>
    public override Tensor Forward(Tensor input) => Training && Probability > 0 ? Ops.Dropout(input, Probability, Random) : input;

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"Dropout({Probability})");

    static string IStoredLayer<Dropout>.TypeName => "Dropout";

    static Dropout IStoredLayer<Dropout>.Read(LayerSettings settings) => new(settings.Number("probability"));

    void IStoredLayer<Dropout>.WriteSettings(LayerSettings settings) => settings.Set("probability", Probability);
}
