using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One step of the long short-term memory that the authors of the HyperLSTM compare it with: for the gates i, j, f, o
/// <c>y = W_x x + W_h h + b</c>, then <c>c' = c sigmoid(LN(f) + 1) + sigmoid(LN(i)) tanh(LN(j))</c>, <c>h' = tanh(LN(c')) sigmoid(LN(o))</c>.
/// </summary>
/// <remarks>
/// Recurrent matrices start orthogonal gate by gate, input matrices Xavier-uniform. Sources: Ba, Kiros, Hinton, 2016 (arXiv 1607.06450);
/// Semeniuta, Severyn, Barth, 2016 (arXiv 1603.05118) for dropout; the authors' code, hardmaru/supercell. PyTorch's cell is
/// <see cref="LstmCell"/>.
/// </remarks>
public sealed class NormLstmCell : Layer, IStoredLayer<NormLstmCell>
{
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter _bias;
    private readonly LstmGates _gates;
    private readonly (float ForgetBias, float Dropout, float Epsilon) _options;

    static NormLstmCell() => LayerTypes.Register<NormLstmCell>();

    /// <summary>Makes the cell.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size H of the state.</param>
    /// <param name="layerNorm">Whether gates and memory are normalised.</param>
    /// <param name="forgetBias">Added to the forget gate behind its norm.</param>
    /// <param name="dropout">The share of candidates that training sets to zero.</param>
    /// <param name="epsilon">Added to variances in the norms.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public NormLstmCell(
        int inFeatures, int hiddenFeatures, bool layerNorm = true, float forgetBias = 1, float dropout = 0, float epsilon = 1e-3f, RandomStream? random = null)
    {
        Recurrence.Positive(nameof(NormLstmCell), nameof(inFeatures), inFeatures);
        Recurrence.Positive(nameof(NormLstmCell), nameof(hiddenFeatures), hiddenFeatures);
        InFeatures = inFeatures;
        HiddenFeatures = hiddenFeatures;
        LayerNorm = layerNorm;
        _options = (forgetBias, dropout, epsilon);
        const int Gates = LstmGates.GateCount;
        _weightInput = AddParameter("weight_input", [Gates, hiddenFeatures, inFeatures], new GateInitializer(inFeatures), random);
        _weightHidden = AddParameter("weight_hidden", [Gates, hiddenFeatures, hiddenFeatures], new GateInitializer(0), random);
        _bias = AddParameter("bias", [Gates, 1, hiddenFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weightInput);
        _gates = Add("gates", new LstmGates(hiddenFeatures, layerNorm, forgetBias, epsilon, dropout, random));
    }

    /// <summary>The size of the input.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the state.</summary>
    public int HiddenFeatures { get; }

    /// <summary>Whether gates and memory are normalised.</summary>
    public bool LayerNorm { get; }

    /// <summary>Makes the state before the first step: zeros.</summary>
    /// <param name="batch">The number B of samples.</param>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    public NormLstmState ZeroState(int batch, Device? device = null)
    {
        Tensor zeros = Tensor.Zeros([batch, HiddenFeatures], device);
        return new NormLstmState(zeros, zeros);
    }

    /// <summary>Takes a step.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="state">The last step's result, or <see cref="ZeroState"/>.</param>
    /// <returns>The new state; its <see cref="NormLstmState.Hidden"/> is the step's output.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public NormLstmState Forward(Tensor input, in NormLstmState state)
    {
        Check(Recurrence.Input(nameof(NormLstmCell), input, InFeatures), state);
        return Step(FromInput(input), state);
    }

    /// <summary>Takes the steps of a sequence: as one <see cref="Forward"/> after another, with the products of all inputs in one.</summary>
    /// <param name="inputs"><c>[T, B, inFeatures]</c></param>
    /// <param name="state">The state before the first step.</param>
    /// <returns>The outputs of all steps, <c>[T, B, hiddenFeatures]</c>, and the last state.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Outputs, NormLstmState State) ForwardSequence(Tensor inputs, in NormLstmState state)
    {
        Check(Recurrence.Inputs(nameof(NormLstmCell), inputs, InFeatures), state);
        (int steps, int batch) = (inputs.Shape[0], inputs.Shape[1]);
        using StepTensors sums = StepTensors.Of(FromInput(Ops.Reshape(inputs, steps * batch, InFeatures)), 1, batch);
        using StepTensors outputs = new(steps);
        NormLstmState now = state;
        for (int step = 0; step < steps; step++)
        {
            now = Step(sums.All[step], now);
            outputs.All[step] = now.Hidden;
        }
        return (Ops.Stack(0, outputs.All), now);
    }

    private Tensor FromInput(Tensor rows) => Ops.Matmul(rows, _weightInput.Value, transposeB: true, addend: _bias.Value);

    private NormLstmState Step(Tensor sums, in NormLstmState state)
    {
        sums = Ops.Matmul(state.Hidden, _weightHidden.Value, transposeB: true, addend: sums);
        (Tensor hidden, Tensor cell) = _gates.Forward(sums, state.Cell);
        return new NormLstmState(hidden, cell);
    }

    private void Check(int batch, in NormLstmState state)
    {
        if (!Recurrence.Fits(state.Hidden, batch, HiddenFeatures) || !Recurrence.Fits(state.Cell, batch, HiddenFeatures))
        {
            throw new ArgumentException(
                $"NormLstmCell: the state must be two tensors [{batch}, {HiddenFeatures}]; got {state.Hidden.Shape} and {state.Cell.Shape}. "
                + "ZeroState makes the first one.",
                nameof(state));
        }
    }

    static string IStoredLayer<NormLstmCell>.TypeName => "NormLstmCell";

    static NormLstmCell IStoredLayer<NormLstmCell>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"),
        settings.Int("hiddenFeatures"),
        settings.Flag("layerNorm"),
        settings.Number("forgetBias"),
        settings.Number("dropout"),
        settings.Number("epsilon"));

    void IStoredLayer<NormLstmCell>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("layerNorm", LayerNorm)
        .Set("forgetBias", _options.ForgetBias).Set("dropout", _options.Dropout).Set("epsilon", _options.Epsilon);

    /// <inheritdoc/>
    protected override string Describe() => $"NormLstmCell({InFeatures}, {HiddenFeatures}{(LayerNorm ? "" : ", layerNorm: false")})";
}
