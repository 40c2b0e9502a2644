using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One step of a HyperLSTM: a small LSTM reads <c>[x; h; s]</c>, and its state s scales the rows of a large one's matrices anew in every step.
/// For each gate <c>y</c> of i, j, f, o: <c>y = (A_x z_x) (W_x x) + (A_h z_h) (W_h h) + B z_b + b</c> with the embeddings
/// <c>z_x = E_x s + e_x</c>, <c>z_h = E_h s + e_h</c>, <c>z_b = E_b s</c>; then, in both cells,
/// <c>c' = c sigmoid(LN(f) + 1) + sigmoid(LN(i)) tanh(LN(j))</c>, <c>h' = tanh(LN(c')) sigmoid(LN(o))</c>.
/// </summary>
/// <remarks>
/// <para>
/// Memory stays linear in the width: row scales are generated, not matrices. First values are the authors': every scale starts at 0.1 and
/// every generated shift at zero, recurrent matrices are orthogonal by gate, input matrices Xavier-uniform.
/// </para>
/// <para>
/// Source: Ha, Dai, Le, HyperNetworks, ICLR 2017 (arXiv 1609.09106), appendix A.2.2 and A.2.3, with two choices of the authors' released
/// cell: the embeddings come from the small cell's state of the same step (the paper's come from that of the step before, see
/// <see cref="HyperLstmOptions.EmbeddingState"/>), and the forget bias of 1 is added behind the norm.
/// </para>
/// </remarks>
public sealed class HyperLstmCell : Layer, IStoredLayer<HyperLstmCell>
{
    private const int Gates = LstmGates.GateCount;

    private readonly HyperLstmOptions _options;
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter _bias;
    private readonly Parameter _hyperInput;
    private readonly Parameter _hyperHidden;
    private readonly Parameter? _hyperBias;
    private readonly RowScales _scales;
    private readonly LstmGates _gates;
    private readonly LstmGates _hyperGates;

    static HyperLstmCell()
    {
        LayerTypes.Register<HyperLstmCell>();
        LayerTypes.Register<NormLstmCell>();
    }

    /// <summary>Makes the cell.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size H of the large cell's state.</param>
    /// <param name="hyperFeatures">The size K of the small cell's state; 128 is the authors' default.</param>
    /// <param name="embedding">The size Z of an embedding; 16 is the authors' default.</param>
    /// <param name="options">Everything else; null means the authors' choices.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public HyperLstmCell(
        int inFeatures, int hiddenFeatures, int hyperFeatures = 128, int embedding = 16, HyperLstmOptions? options = null, RandomStream? random = null)
    {
        Recurrence.Sizes(nameof(HyperLstmCell), inFeatures, hiddenFeatures, hyperFeatures, embedding);
        InFeatures = inFeatures;
        HiddenFeatures = hiddenFeatures;
        HyperFeatures = hyperFeatures;
        EmbeddingFeatures = embedding;
        _options = options ?? new HyperLstmOptions();

        // A block for each gate; what reads the input stands apart from what reads states, so that a sequence's inputs need one product.
        Initializer input = new GateInitializer(inFeatures);
        Initializer hidden = new GateInitializer(0);
        _weightInput = AddParameter("weight_input", [Gates, hiddenFeatures, inFeatures], input, random);
        _weightHidden = AddParameter("weight_hidden", [Gates, hiddenFeatures, hiddenFeatures], hidden, random);
        _bias = AddParameter("bias", [Gates, 1, hiddenFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weightInput);
        _hyperInput = AddParameter("hyper_weight_input", [Gates, hyperFeatures, inFeatures], input, random);
        _hyperHidden = AddParameter("hyper_weight_hidden", [Gates, hyperFeatures, hiddenFeatures + hyperFeatures], new GateInitializer(hiddenFeatures), random);
        _hyperBias = _options.HyperBias
            ? AddParameter("hyper_bias", [Gates, 1, hyperFeatures], Initializer.Zeros, random, ParameterRole.Bias, _hyperInput)
            : null;
        _scales = Add("scales", new RowScales(Gates, hyperFeatures, embedding, hiddenFeatures, random));
        (bool norm, float epsilon) = (_options.LayerNorm, _options.Epsilon);
        _gates = Add("gates", new LstmGates(hiddenFeatures, norm, _options.ForgetBias, epsilon, _options.Dropout, random));
        _hyperGates = Add("hyper_gates", new LstmGates(hyperFeatures, norm, _options.HyperForgetBias, epsilon, _options.HyperDropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperlstm",
        Title = "HyperLSTM",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "y = (A_x z_x) (W_x x) + (A_h z_h) (W_h h) + B z_b + b for the gates y of i, j, f, o, with z = E s + e",
        Source = "appendix A.2.2 and A.2.3, and the authors' code, hardmaru/supercell",
        Layers = [typeof(HyperLstmCell), typeof(NormLstmCell)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Components, HyperArchitecture.Rnn, DynamicInput: true, DynamicWeights: true),
        Cases = ["HyperLSTM"],
        Recipe = "hyperlstm-shakespeare",
    };

    /// <summary>The size of the input.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the large cell's state.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The size of the small cell's state.</summary>
    public int HyperFeatures { get; }

    /// <summary>The size of an embedding.</summary>
    public int EmbeddingFeatures { get; }

    /// <summary>Whether gates and memories are normalised.</summary>
    public bool LayerNorm => _options.LayerNorm;

    /// <summary>Makes the state before the first step: zeros.</summary>
    /// <param name="batch">The number B of samples.</param>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    public HyperLstmState ZeroState(int batch, Device? device = null)
    {
        Tensor large = Tensor.Zeros([batch, HiddenFeatures], device);
        Tensor small = Tensor.Zeros([batch, HyperFeatures], device);
        return new HyperLstmState(large, large, small, small);
    }

    /// <summary>Takes a step.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="state">The last step's result, or <see cref="ZeroState"/>.</param>
    /// <returns>The new state; its <see cref="HyperLstmState.Hidden"/> is the step's output.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public HyperLstmState Forward(Tensor input, in HyperLstmState state)
    {
        Check(Recurrence.Input(nameof(HyperLstmCell), input, InFeatures), state);
        (Tensor own, Tensor hyper) = FromInput(input);
        return Step(own, hyper, _scales.Bias(), state);
    }

    /// <summary>Takes the steps of a sequence: as one <see cref="Forward"/> after another, with the products of all inputs in one.</summary>
    /// <param name="inputs"><c>[T, B, inFeatures]</c></param>
    /// <param name="state">The state before the first step.</param>
    /// <returns>The outputs of all steps, <c>[T, B, hiddenFeatures]</c>, and the last state.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Outputs, HyperLstmState State) ForwardSequence(Tensor inputs, in HyperLstmState state)
    {
        Check(Recurrence.Inputs(nameof(HyperLstmCell), inputs, InFeatures), state);
        (int steps, int batch) = (inputs.Shape[0], inputs.Shape[1]);
        (Tensor ownSums, Tensor hyperSums) = FromInput(Ops.Reshape(inputs, steps * batch, InFeatures));
        using StepTensors own = StepTensors.Of(ownSums, 1, batch);
        using StepTensors hyper = StepTensors.Of(hyperSums, 1, batch);
        using StepTensors outputs = new(steps);
        Tensor bias = _scales.Bias();
        HyperLstmState now = state;
        for (int step = 0; step < steps; step++)
        {
            now = Step(own.All[step], hyper.All[step], bias, now);
            outputs.All[step] = now.Hidden;
        }
        return (Ops.Stack(0, outputs.All), now);
    }

    /// <summary>What both cells' gates get from rows of inputs, each <c>[4, rows, ...]</c>.</summary>
    private (Tensor Own, Tensor Hyper) FromInput(Tensor rows)
    {
        Tensor own = Ops.Matmul(rows, _weightInput.Value, transposeB: true);
        Tensor hyper = Ops.Matmul(rows, _hyperInput.Value, transposeB: true);
        return (own, _hyperBias is null ? hyper : Ops.Add(hyper, _hyperBias.Value));
    }

    private HyperLstmState Step(Tensor own, Tensor hyper, Tensor embeddingBias, in HyperLstmState state)
    {
        Tensor read = Ops.Concatenate(1, state.Hidden, state.HyperHidden);
        Tensor hyperSums = Ops.Matmul(read, _hyperHidden.Value, transposeB: true, addend: hyper);
        (Tensor hyperHidden, Tensor hyperCell) = _hyperGates.Forward(hyperSums, state.HyperCell);
        Tensor source = _options.EmbeddingState == EmbeddingState.PreviousStep ? state.HyperHidden : hyperHidden;
        (Tensor ofInput, Tensor ofHidden, Tensor shift) = _scales.Forward(source, embeddingBias);
        Tensor fromHidden = Ops.Matmul(state.Hidden, _weightHidden.Value, transposeB: true);
        Tensor sums = Ops.MultiplyAdd(ofInput, own, Ops.MultiplyAdd(ofHidden, fromHidden, Ops.Add(shift, _bias.Value)));
        (Tensor hidden, Tensor cell) = _gates.Forward(sums, state.Cell);
        return new HyperLstmState(hidden, cell, hyperHidden, hyperCell);
    }

    private void Check(int batch, in HyperLstmState state)
    {
        if (!Recurrence.Fits(state.Hidden, batch, HiddenFeatures) || !Recurrence.Fits(state.Cell, batch, HiddenFeatures)
            || !Recurrence.Fits(state.HyperHidden, batch, HyperFeatures) || !Recurrence.Fits(state.HyperCell, batch, HyperFeatures))
        {
            throw new ArgumentException(
                $"HyperLstmCell: the state must be two tensors [{batch}, {HiddenFeatures}] and two [{batch}, {HyperFeatures}]; got {state.Hidden.Shape}, "
                + $"{state.Cell.Shape}, {state.HyperHidden.Shape} and {state.HyperCell.Shape}. ZeroState makes the first one.",
                nameof(state));
        }
    }

    static string IStoredLayer<HyperLstmCell>.TypeName => "HyperLstmCell";

    static HyperLstmCell IStoredLayer<HyperLstmCell>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"),
        settings.Int("hiddenFeatures"),
        settings.Int("hyperFeatures"),
        settings.Int("embedding"),
        new HyperLstmOptions
        {
            LayerNorm = settings.Flag("layerNorm"),
            EmbeddingState = settings.Choice<EmbeddingState>("embeddingState"),
            ForgetBias = settings.Number("forgetBias"),
            HyperForgetBias = settings.Number("hyperForgetBias"),
            HyperBias = settings.Flag("hyperBias"),
            Dropout = settings.Number("dropout"),
            HyperDropout = settings.Number("hyperDropout"),
            Epsilon = settings.Number("epsilon"),
        });

    void IStoredLayer<HyperLstmCell>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("hyperFeatures", HyperFeatures).Set("embedding", EmbeddingFeatures)
        .Set("layerNorm", LayerNorm).Set("embeddingState", _options.EmbeddingState)
        .Set("forgetBias", _options.ForgetBias).Set("hyperForgetBias", _options.HyperForgetBias).Set("hyperBias", _options.HyperBias)
        .Set("dropout", _options.Dropout).Set("hyperDropout", _options.HyperDropout).Set("epsilon", _options.Epsilon);

    /// <inheritdoc/>
    protected override string Describe()
    {
        string norm = LayerNorm ? "" : ", layerNorm: false";
        return $"HyperLstmCell({InFeatures}, {HiddenFeatures}, hyperFeatures: {HyperFeatures}, embedding: {EmbeddingFeatures}{norm})";
    }
}
