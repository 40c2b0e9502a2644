using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// The generator of a hypernetwork with intervals: reads rows <c>[centre; radius]</c> and gives such rows. A linear layer is
/// <c>mu' = W mu + b</c>, <c>r' = |W| r</c>; an activation <c>l = act(mu - r)</c>, <c>u = act(mu + r)</c>, <c>mu' = (l + u) / 2</c>, <c>r' = (u - l) / 2</c>.
/// </summary>
public sealed class IntervalMlp : TensorLayer, IStoredLayer<IntervalMlp>
{
    private readonly Linear[] _hidden;

    static IntervalMlp() => LayerTypes.Register<IntervalMlp>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="inFeatures">The length n of the centre; rows have 2n numbers.</param>
    /// <param name="hidden">The widths; none makes the identity.</param>
    /// <param name="activation">The function after every layer; it must never fall.</param>
    /// <param name="bias">Whether the layers add biases.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or the activation falls somewhere.</exception>
    public IntervalMlp(int inFeatures, IReadOnlyList<int> hidden, Activation activation, bool bias = true, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(hidden);
        IntervalOps.CheckMonotone(activation, "IntervalMlp");
        InFeatures = inFeatures;
        Activation = activation;
        HasBias = bias;
        Widths = [.. hidden];
        _hidden = new Linear[hidden.Count];
        for (int i = 0; i < _hidden.Length; i++)
        {
            _hidden[i] = Add($"hidden{i}", new Linear(i == 0 ? inFeatures : hidden[i - 1], hidden[i], bias, random));
        }
    }

    /// <summary>The length of the centre that comes in.</summary>
    public int InFeatures { get; }

    /// <summary>The function after every layer.</summary>
    public Activation Activation { get; }

    /// <summary>Whether the layers add biases.</summary>
    public bool HasBias { get; }

    /// <summary>The widths of the layers.</summary>
    public IReadOnlyList<int> Widths { get; }

    /// <summary>Computes centre and radius.</summary>
    /// <param name="input"><c>[C, 2 inFeatures]</c>: centre, then radius.</param>
    /// <returns><c>[C, 2 width of the last layer]</c></returns>
    public override Tensor Forward(Tensor input)
    {
        if (_hidden.Length == 0)
        {
            return input;
        }
        (Tensor centre, Tensor radius) = Halves(input);
        foreach (Linear layer in _hidden)
        {
            centre = layer.Forward(centre);
            radius = Ops.Linear(radius, Ops.Abs(layer.Weight.Value));
            if (Activation.Kind != ActivationKind.None)
            {
                Tensor lower = Ops.Activate(Ops.Subtract(centre, radius), Activation);
                Tensor upper = Ops.Activate(Ops.Add(centre, radius), Activation);
                centre = Ops.MultiplyScalar(Ops.Add(upper, lower), 0.5f);
                radius = Ops.MultiplyScalar(Ops.Subtract(upper, lower), 0.5f);
            }
        }
        return Ops.Concatenate(1, centre, radius);
    }

    /// <summary>Cuts rows into centre and radius.</summary>
    internal static (Tensor Centre, Tensor Radius) Halves(Tensor rows)
    {
        int size = rows.Rank == 2 && rows.Shape[1] % 2 == 0
            ? rows.Shape[1] / 2
            : throw new ArgumentException($"IntervalMlp: rows of centre and radius, [C, 2n], are needed; got {rows.Shape}.", nameof(rows));
        Tensor[] halves = Ops.Split(rows, 1, size, size);
        return (halves[0], halves[1]);
    }

    static string IStoredLayer<IntervalMlp>.TypeName => "IntervalMlp";

    static IntervalMlp IStoredLayer<IntervalMlp>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Ints("hidden"), settings.Activation(), settings.Flag("bias"));

    void IStoredLayer<IntervalMlp>.WriteSettings(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("hidden", [.. Widths]).SetActivation(Activation).Set("bias", HasBias);
}
