using System.Globalization;
using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Dropout whose rate is a hyperparameter, one for each sample: while training, elements are set to zero with the probability that the
/// hyperparameter of its name has now, the others scaled by <c>1 / (1 - p)</c>; else it passes everything.
/// </summary>
/// <remarks>
/// <see cref="SelfTuningNetwork"/> gives the rates while it runs; <see cref="Use"/> gives them elsewhere. No gradient reaches a rate. Source: MacKay et al.,
/// ICLR 2019, and the authors' code.
/// </remarks>
public sealed class TunedDropout : TensorLayer, IStoredLayer<TunedDropout>
{
    // 1 / (1 - p) stays finite.
    private const float MostRate = 1 - 1e-6f;

    private static readonly AsyncLocal<Rates?> s_rates = new();

    static TunedDropout() => LayerTypes.Register<TunedDropout>();

    /// <summary>Makes the layer.</summary>
    /// <param name="name">The hyperparameter's name.</param>
    /// <param name="wholeChannels">Whether whole channels of images or sequences are dropped, <c>[B, C, ...]</c>, instead of elements.</param>
    /// <param name="random">Where the choice comes from; null means what is <see cref="Initializer.Random"/> now.</param>
    /// <exception cref="ArgumentException">The name is empty.</exception>
    public TunedDropout(string name, bool wholeChannels = false, RandomStream? random = null)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        Name = name;
        WholeChannels = wholeChannels;
        Random = random ?? Initializer.Random;
    }

    /// <summary>The hyperparameter's name.</summary>
    public string Name { get; }

    /// <summary>Whether whole channels are dropped.</summary>
    public bool WholeChannels { get; }

    /// <summary>The stream that the choices come from: a checkpoint keeps its state.</summary>
    public RandomStream Random { get; }

    /// <summary>Gives rates to the layers that this flow runs, until the result is disposed.</summary>
    /// <param name="rates">For each name rates in [0, 1], <c>[C]</c>, each of B / C consecutive samples.</param>
    public static IDisposable Use(IReadOnlyDictionary<string, Tensor> rates)
    {
        ArgumentNullException.ThrowIfNull(rates);
        return new Rates(rates);
    }

    /// <summary>Drops elements while training.</summary>
    /// <param name="input"><c>[B, ...]</c></param>
    /// <returns>The shape of the input; the input itself when the layer does not train.</returns>
    /// <exception cref="InvalidOperationException">The layer trains and there is no rate of its name.</exception>
    /// <exception cref="ArgumentException">The rates do not divide the samples.</exception>
    public override Tensor Forward(Tensor input)
    {
        if (!Training)
        {
            return input;
        }
        if (s_rates.Value?.Find(Name) is not { } rates)
        {
            throw new InvalidOperationException(
                $"TunedDropout: there must be a rate \"{Name}\" while the layer trains. Run it in a SelfTuningNetwork with a hyperparameter of that name, "
                + "or inside TunedDropout.Use.");
        }
        if (rates.Rank != 1 || rates.Shape[0] == 0 || input.Rank < (WholeChannels ? 2 : 1) || input.Shape[0] % rates.Shape[0] != 0)
        {
            throw new ArgumentException(
                $"TunedDropout: rates \"{Name}\" must be [C] with C dividing the samples of the input; they are {rates.Shape}, the input is {input.Shape}.", nameof(input));
        }
        int[] drawnSizes = input.Shape.AsSpan().ToArray();
        int[] rateSizes = [.. drawnSizes.Select(static _ => 1)];
        Array.Fill(drawnSizes, 1, WholeChannels ? 2 : input.Rank, WholeChannels ? input.Rank - 2 : 0);
        Tensor rate = Ops.Clamp(Ops.Detach(rates), 0, MostRate);
        if (rates.Shape[0] > 1)
        {
            rateSizes[0] = input.Shape[0];
            rate = Ops.RepeatRows(Ops.Reshape(rate, rates.Shape[0], 1), input.Shape[0] / rates.Shape[0]);
        }
        rate = Ops.Reshape(rate, new Shape(rateSizes));
        Tensor drawn = Ops.RandomUniform(new Shape(drawnSizes), Random, device: input.Device);
        Tensor kept = Ops.Divide(Ops.Step(Ops.Subtract(drawn, rate)), Ops.AddScalar(Ops.Neg(rate), 1));
        return Ops.Multiply(input, kept);
    }

    static string IStoredLayer<TunedDropout>.TypeName => "TunedDropout";

    static TunedDropout IStoredLayer<TunedDropout>.Read(LayerSettings settings) => new(settings.Text("name"), settings.Flag("wholeChannels"));

    void IStoredLayer<TunedDropout>.WriteSettings(LayerSettings settings) => settings.Set("name", Name).Set("wholeChannels", WholeChannels);

    /// <inheritdoc/>
    protected override string Describe() => string.Create(CultureInfo.InvariantCulture, $"TunedDropout({Name}{(WholeChannels ? ", wholeChannels: true" : "")})");

    private sealed class Rates : IDisposable
    {
        private readonly IReadOnlyDictionary<string, Tensor> _rates;
        private readonly Rates? _outer;

        public Rates(IReadOnlyDictionary<string, Tensor> rates)
        {
            _rates = rates;
            _outer = s_rates.Value;
            s_rates.Value = this;
        }

        public Tensor? Find(string name) => _rates.TryGetValue(name, out Tensor rate) ? rate : _outer?.Find(name);

        public void Dispose()
        {
            if (ReferenceEquals(s_rates.Value, this))
            {
                s_rates.Value = _outer;
            }
        }
    }
}
