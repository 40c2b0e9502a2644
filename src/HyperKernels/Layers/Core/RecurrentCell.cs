namespace HyperKernels.Layers;

/// <summary>What the recurrent cells share: two linear maps, of the input and of the state, with one block of rows per gate.</summary>
/// <remarks>First values are PyTorch's: uniform within <c>±1 / sqrt(hidden)</c>.</remarks>
public abstract class RecurrentCell : Layer
{
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter? _biasInput;
    private readonly Parameter? _biasHidden;

    private protected RecurrentCell(int inputs, int hidden, int gates, bool bias, RandomStream? random)
    {
        Checks.Positive(GetType().Name, "inputs", inputs);
        Checks.Positive(GetType().Name, "hidden", hidden);
        Inputs = inputs;
        Hidden = hidden;
        Initializer initializer = Initializer.DefaultFor(hidden);
        int rows = checked(gates * hidden);
        _weightInput = AddParameter("weight_ih", [rows, inputs], initializer, random);
        _weightHidden = AddParameter("weight_hh", [rows, hidden], initializer, random);
        if (bias)
        {
            _biasInput = AddParameter("bias_ih", [rows], initializer, random, ParameterRole.Bias, _weightInput);
            _biasHidden = AddParameter("bias_hh", [rows], initializer, random, ParameterRole.Bias, _weightHidden);
        }
    }

    /// <summary>The size of the input.</summary>
    public int Inputs { get; }

    /// <summary>The size of the state.</summary>
    public int Hidden { get; }

    /// <summary>Whether biases are added.</summary>
    public bool HasBias => _biasInput is not null;

    /// <inheritdoc/>
    protected override string Describe() => $"{GetType().Name}({Inputs}, {Hidden})";

    /// <summary>A state of zeros for a batch.</summary>
    private protected Tensor ZeroState(Tensor input) => Tensor.Zeros([input.Shape[0], Hidden], input.Device);

    private protected Tensor FromInput(Tensor input) => Ops.Linear(input, _weightInput.Value, _biasInput?.Value);

    private protected Tensor FromHidden(Tensor hidden) => Ops.Linear(hidden, _weightHidden.Value, _biasHidden?.Value);

    private protected void WriteSizes(LayerSettings settings) =>
        settings.Set("inFeatures", Inputs).Set("hiddenFeatures", Hidden).Set("bias", HasBias);

    private protected void Check(Tensor input, Tensor hidden)
    {
        if (input.Rank != 2 || input.Shape[1] != Inputs)
        {
            Throw.Argument($"{GetType().Name}: the input must be [batch, {Inputs}]; got {input.Shape}.");
        }
        if (hidden.Rank != 2 || hidden.Shape[0] != input.Shape[0] || hidden.Shape[1] != Hidden)
        {
            Throw.Argument($"{GetType().Name}: the state must be [{input.Shape[0]}, {Hidden}]; got {hidden.Shape}.");
        }
    }
}
