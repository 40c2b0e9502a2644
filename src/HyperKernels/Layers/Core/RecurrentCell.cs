namespace HyperKernels.Layers;

/// <summary>What the recurrent cells share: two linear maps, of the input and of the state, with one block of rows per gate.</summary>
/// <remarks>First values are PyTorch's: uniform within <c>±1 / sqrt(hiddenFeatures)</c>.</remarks>
public abstract class RecurrentCell : Layer
{
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter? _biasInput;
    private readonly Parameter? _biasHidden;

    private protected RecurrentCell(int inFeatures, int hiddenFeatures, int gates, bool bias, RandomStream? random)
    {
        Checks.Positive(GetType().Name, "inFeatures", inFeatures);
        Checks.Positive(GetType().Name, "hiddenFeatures", hiddenFeatures);
        InFeatures = inFeatures;
        HiddenFeatures = hiddenFeatures;
        Initializer initializer = Initializer.DefaultFor(hiddenFeatures);
        int rows = Size.Of((long)gates * hiddenFeatures);
        _weightInput = AddParameter("weight_ih", [rows, inFeatures], initializer, random);
        _weightHidden = AddParameter("weight_hh", [rows, hiddenFeatures], initializer, random);
        if (bias)
        {
            _biasInput = AddParameter("bias_ih", [rows], initializer, random, ParameterRole.Bias, _weightInput);
            _biasHidden = AddParameter("bias_hh", [rows], initializer, random, ParameterRole.Bias, _weightHidden);
        }
    }

    /// <summary>The size of the input.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the state.</summary>
    public int HiddenFeatures { get; }

    /// <summary>Whether biases are added.</summary>
    public bool HasBias => _biasInput is not null;

    /// <inheritdoc/>
    protected override string Describe() => $"{GetType().Name}({InFeatures}, {HiddenFeatures})";

    /// <summary>A state of zeros for a batch.</summary>
    private protected Tensor ZeroState(Tensor input) => Tensor.Zeros([input.Shape[0], HiddenFeatures], input.Device);

    /// <summary>The sum of both maps.</summary>
    private protected Tensor FromBoth(Tensor input, Tensor hidden)
    {
        Weight weight = OfSteps(_weightHidden);
        if (weight.Kind != WeightKind.Dense || weight.First.Rank > 2 || _biasInput?.Value.Rank > 1 || _biasHidden?.Value.Rank > 1)
        {
            return Ops.Add(FromInput(input), FromHidden(hidden));
        }
        // One matrix for all: its product takes up what came from the input, with both biases, while it is in the cache.
        Tensor? bias = _biasInput is null ? null : Ops.Add(_biasInput.Value, _biasHidden!.Value);
        return Ops.Matmul(hidden, weight.First, transposeB: true, addend: Ops.Linear(input, OfSteps(_weightInput), bias));
    }

    private protected Tensor FromInput(Tensor input) => Ops.Linear(input, OfSteps(_weightInput), _biasInput?.Value);

    private protected Tensor FromHidden(Tensor hidden) => Ops.Linear(hidden, OfSteps(_weightHidden), _biasHidden?.Value);

    // Many steps use a weight: what is generated is written out once for all of them, factors are applied in each.
    private static Weight OfSteps(Parameter parameter)
    {
        Weight weight = parameter;
        return weight.Kind is WeightKind.Generated or WeightKind.Mixture ? weight.Materialize() : weight;
    }

    private protected void WriteSizes(LayerSettings settings) =>
        settings.Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("bias", HasBias);

    private protected void Check(Tensor input, Tensor hidden)
    {
        if (input.Rank != 2 || input.Shape[1] != InFeatures)
        {
            Throw.Argument($"{GetType().Name}: the input must be [batch, {InFeatures}]; got {input.Shape}.");
        }
        if (hidden.Rank != 2 || hidden.Shape[0] != input.Shape[0] || hidden.Shape[1] != HiddenFeatures)
        {
            Throw.Argument($"{GetType().Name}: the state must be [{input.Shape[0]}, {HiddenFeatures}]; got {hidden.Shape}.");
        }
    }
}
