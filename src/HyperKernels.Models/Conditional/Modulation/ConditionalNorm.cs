using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Feature-wise modulation by a condition, with a norm before it or none: <c>y_b = (1 + gamma(z_b)) norm(x_b) + beta(z_b)</c>, or <c>gamma(z_b)</c> as it is.</summary>
/// <remarks>
/// Heads are linear, normal with deviation 0.01 and biases at zero: with the one added a fresh layer hardly changes what the norm gives; without it (Hyperformer) hardly
/// anything comes out. Source: Perez, Strub, de Vries, Dumoulin, Courville, FiLM: Visual Reasoning with a General Conditioning Layer, AAAI 2018 (arXiv 1709.07871), eq. 2.
/// </remarks>
public sealed class ConditionalNorm : Layer, IStoredLayer<ConditionalNorm>
{
    private const float Deviation = 0.01f;

    static ConditionalNorm() => LayerTypes.Register<ConditionalNorm>();

    /// <summary>Makes the layer.</summary>
    /// <param name="features">The features F that are modulated.</param>
    /// <param name="conditionFeatures">The numbers of a condition.</param>
    /// <param name="norm">What normalises first, best without gain and bias of its own: a layer, batch or group norm; null for none.</param>
    /// <param name="addOne">Whether one is added to the generated gain.</param>
    /// <param name="axis">Which axis holds the features.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ConditionalNorm(
        int features, int conditionFeatures, TensorLayer? norm = null, bool addOne = true, FeatureAxis axis = FeatureAxis.Last, RandomStream? random = null)
    {
        (Features, ConditionFeatures, AddsOne, Axis) = (features, conditionFeatures, addOne, axis);
        Norm = norm is null ? null : Add("norm", norm);
        Gain = Add("gain", Head(random));
        Shift = Add("shift", Head(random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "film",
        Title = "Feature-wise linear modulation (FiLM), conditional norms",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Perez, Strub, de Vries, Dumoulin, Courville", "FiLM: Visual Reasoning with a General Conditioning Layer", "AAAI", 2018) { Arxiv = "1709.07871" },
        Equation = "y = gamma(z) norm(x) + beta(z), or (1 + gamma(z)) norm(x) + beta(z)",
        Source = "eq. 2",
        Layers = [typeof(ConditionalNorm)],
    };

    /// <summary>The features that are modulated.</summary>
    public int Features { get; }

    /// <summary>The numbers of a condition.</summary>
    public int ConditionFeatures { get; }

    /// <summary>What normalises first, or null.</summary>
    public TensorLayer? Norm { get; }

    /// <summary>Whether one is added to the generated gain.</summary>
    public bool AddsOne { get; }

    /// <summary>Which axis holds the features.</summary>
    public FeatureAxis Axis { get; }

    /// <summary>Gives gamma.</summary>
    public Linear Gain { get; }

    /// <summary>Gives beta.</summary>
    public Linear Shift { get; }

    /// <summary>Normalises and modulates.</summary>
    /// <param name="input"><c>[B, F, ...]</c> or <c>[B, ..., F]</c>, as <see cref="Axis"/> says.</param>
    /// <param name="condition"><c>[C, conditionFeatures]</c>; C divides B, and each row serves B / C consecutive samples.</param>
    /// <returns>The shape of the input.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor input, Tensor condition)
    {
        int axis = Axis == FeatureAxis.Second ? 1 : input.Rank - 1;
        int sets = condition.Rank == 2 ? condition.Shape[0] : 0;
        if (input.Rank < 2 || input.Shape[axis] != Features || sets == 0 || input.Shape[0] % sets != 0)
        {
            string wanted = Axis == FeatureAxis.Second ? $"[B, {Features}, ...]" : $"[B, ..., {Features}]";
            throw new ArgumentException(
                $"ConditionalNorm: the input must be {wanted} and the condition [C, {ConditionFeatures}] with C dividing B; they are {input.Shape} and {condition.Shape}.");
        }
        Tensor normal = Norm?.Forward(input) ?? input;
        // Sets, the samples of each, what stands before the features, the features, what stands behind them.
        int behind = Axis == FeatureAxis.Second ? (int)(input.Count / ((long)input.Shape[0] * Features)) : 1;
        Tensor parts = Ops.Reshape(normal, sets, -1, Features, behind);
        Tensor gain = Ops.Reshape(Gain.Forward(condition), sets, 1, Features, 1);
        Tensor shift = Ops.Reshape(Shift.Forward(condition), sets, 1, Features, 1);
        return Ops.Reshape(Ops.Add(Ops.Multiply(parts, AddsOne ? Ops.AddScalar(gain, 1) : gain), shift), input.Shape);
    }

    static string IStoredLayer<ConditionalNorm>.TypeName => "ConditionalNorm";

    static ConditionalNorm IStoredLayer<ConditionalNorm>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("conditionFeatures"), settings.Has("norm") ? settings.Layer<TensorLayer>("norm") : null, settings.Flag("addOne"),
        settings.Choice<FeatureAxis>("axis"));

    void IStoredLayer<ConditionalNorm>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("conditionFeatures", ConditionFeatures).SetLayer("norm", Norm).Set("addOne", AddsOne).Set("axis", Axis);

    /// <inheritdoc/>
    protected override string Describe() => $"ConditionalNorm({Features}, conditionFeatures: {ConditionFeatures})";

    private Linear Head(RandomStream? random)
    {
        Linear head = new(ConditionFeatures, Features, random: random);
        Initializer.Normal(0, Deviation).Apply(head.Weight, random);
        Initializer.Zeros.Apply(head.Bias!, random);
        return head;
    }
}
