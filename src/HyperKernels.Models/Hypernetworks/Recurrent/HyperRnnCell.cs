using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// One step of a HyperRNN: a small recurrent network reads <c>h</c> and <c>x</c>, <c>s' = tanh(U x + V [h; s] + v)</c>, and its state scales the rows of
/// a large one's matrices anew in every step: <c>h' = tanh((A_x z_x) (W_x x) + (A_h z_h) (W_h h) + B z_b + b)</c> with the embeddings
/// <c>z_x = E_x s + e_x</c>, <c>z_h = E_h s + e_h</c>, <c>z_b = E_b s</c>.
/// </summary>
/// <remarks>
/// <para>
/// Memory stays linear in the width: row scales are generated, not matrices. The paper's equations take s from the step before; with
/// <see cref="EmbeddingState.SameStep"/> it is s'. First values are those that the authors give for the HyperLSTM: every scale starts at 0.1
/// and every generated shift at zero, recurrent matrices are orthogonal, input matrices Xavier-uniform.
/// </para>
/// <para>Source: Ha, Dai, Le, HyperNetworks, ICLR 2017 (arXiv 1609.09106), section 3.2.</para>
/// </remarks>
public sealed class HyperRnnCell : Layer, IStoredLayer<HyperRnnCell>
{
    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter _bias;
    private readonly Parameter _hyperInput;
    private readonly Parameter _hyperHidden;
    private readonly Parameter _hyperBias;
    private readonly RowScales _scales;

    static HyperRnnCell() => LayerTypes.Register<HyperRnnCell>();

    /// <summary>Makes the cell.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size H of the large network's state.</param>
    /// <param name="hyperFeatures">The size K of the small network's state.</param>
    /// <param name="embedding">The size Z of an embedding.</param>
    /// <param name="embeddingState">From which state of the small network embeddings come.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperRnnCell(
        int inFeatures,
        int hiddenFeatures,
        int hyperFeatures = 128,
        int embedding = 16,
        EmbeddingState embeddingState = EmbeddingState.PreviousStep,
        RandomStream? random = null)
    {
        Recurrence.Sizes(nameof(HyperRnnCell), inFeatures, hiddenFeatures, hyperFeatures, embedding);
        InFeatures = inFeatures;
        HiddenFeatures = hiddenFeatures;
        HyperFeatures = hyperFeatures;
        EmbeddingFeatures = embedding;
        EmbeddingState = embeddingState;

        _weightInput = AddParameter("weight_input", [hiddenFeatures, inFeatures], Initializer.XavierUniform(), random);
        _weightHidden = AddParameter("weight_hidden", [hiddenFeatures, hiddenFeatures], Initializer.Orthogonal(), random);
        _bias = AddParameter("bias", [hiddenFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weightInput);
        // What reads the input stands apart from what reads states, so that a sequence's inputs need one product.
        _hyperInput = AddParameter("hyper_weight_input", [hyperFeatures, inFeatures], Initializer.XavierUniform(), random);
        _hyperHidden = AddParameter("hyper_weight_hidden", [hyperFeatures, hiddenFeatures + hyperFeatures], new GateInitializer(hiddenFeatures), random);
        _hyperBias = AddParameter("hyper_bias", [hyperFeatures], Initializer.Zeros, random, ParameterRole.Bias, _hyperInput);
        _scales = Add("scales", new RowScales(1, hyperFeatures, embedding, hiddenFeatures, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "hyperrnn",
        Title = "HyperRNN",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Ha, Dai, Le", "HyperNetworks", "ICLR", 2017) { Arxiv = "1609.09106" },
        Equation = "h' = tanh((A_x z_x) (W_x x) + (A_h z_h) (W_h h) + B z_b + b) with z = E s + e and a small network's state s",
        Source = "section 3.2",
        Layers = [typeof(HyperRnnCell)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Components, HyperArchitecture.Rnn, DynamicInput: true, DynamicWeights: true),
        Cases = ["HyperRNN"],
    };

    /// <summary>The size of the input.</summary>
    public int InFeatures { get; }

    /// <summary>The size of the large network's state.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The size of the small network's state.</summary>
    public int HyperFeatures { get; }

    /// <summary>The size of an embedding.</summary>
    public int EmbeddingFeatures { get; }

    /// <summary>From which state of the small network embeddings come.</summary>
    public EmbeddingState EmbeddingState { get; }

    /// <summary>Makes the state before the first step: zeros.</summary>
    /// <param name="batch">The number B of samples.</param>
    /// <param name="device">Where; null means <see cref="Device.Default"/>.</param>
    public HyperRnnState ZeroState(int batch, Device? device = null) =>
        new(Tensor.Zeros([batch, HiddenFeatures], device), Tensor.Zeros([batch, HyperFeatures], device));

    /// <summary>Takes a step.</summary>
    /// <param name="input"><c>[B, inFeatures]</c></param>
    /// <param name="state">The last step's result, or <see cref="ZeroState"/>.</param>
    /// <returns>The new state; its <see cref="HyperRnnState.Hidden"/> is the step's output.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public HyperRnnState Forward(Tensor input, in HyperRnnState state)
    {
        Check(Recurrence.Input(nameof(HyperRnnCell), input, InFeatures), state);
        return Step(Ops.Linear(input, _weightInput), Ops.Linear(input, _hyperInput, _hyperBias.Value), _scales.Bias(), state);
    }

    /// <summary>Takes the steps of a sequence: as one <see cref="Forward"/> after another, with the products of all inputs in one.</summary>
    /// <param name="inputs"><c>[T, B, inFeatures]</c></param>
    /// <param name="state">The state before the first step.</param>
    /// <returns>The outputs of all steps, <c>[T, B, hiddenFeatures]</c>, and the last state.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Outputs, HyperRnnState State) ForwardSequence(Tensor inputs, in HyperRnnState state)
    {
        Check(Recurrence.Inputs(nameof(HyperRnnCell), inputs, InFeatures), state);
        (int steps, int batch) = (inputs.Shape[0], inputs.Shape[1]);
        Tensor rows = Ops.Reshape(inputs, steps * batch, InFeatures);
        using StepTensors own = StepTensors.Of(Ops.Linear(rows, _weightInput), 0, batch);
        using StepTensors hyper = StepTensors.Of(Ops.Linear(rows, _hyperInput, _hyperBias.Value), 0, batch);
        using StepTensors outputs = new(steps);
        Tensor bias = _scales.Bias();
        HyperRnnState now = state;
        for (int step = 0; step < steps; step++)
        {
            now = Step(own.All[step], hyper.All[step], bias, now);
            outputs.All[step] = now.Hidden;
        }
        return (Ops.Stack(0, outputs.All), now);
    }

    private HyperRnnState Step(Tensor own, Tensor hyper, Tensor embeddingBias, in HyperRnnState state)
    {
        Tensor read = Ops.Linear(Ops.Concatenate(1, state.Hidden, state.HyperHidden), _hyperHidden);
        Tensor hyperHidden = Ops.Tanh(Ops.Add(hyper, read));
        Tensor source = EmbeddingState == EmbeddingState.PreviousStep ? state.HyperHidden : hyperHidden;
        (Tensor ofInput, Tensor ofHidden, Tensor shift) = _scales.Forward(source, embeddingBias);
        Shape shape = own.Shape;
        Tensor shifted = Ops.Add(Ops.Reshape(shift, shape), _bias.Value);
        Tensor fromHidden = Ops.MultiplyAdd(Ops.Reshape(ofHidden, shape), Ops.Linear(state.Hidden, _weightHidden), shifted);
        Tensor sum = Ops.MultiplyAdd(Ops.Reshape(ofInput, shape), own, fromHidden);
        return new HyperRnnState(Ops.Tanh(sum), hyperHidden);
    }

    private void Check(int batch, in HyperRnnState state)
    {
        if (!Recurrence.Fits(state.Hidden, batch, HiddenFeatures) || !Recurrence.Fits(state.HyperHidden, batch, HyperFeatures))
        {
            throw new ArgumentException(
                $"HyperRnnCell: the state must be [{batch}, {HiddenFeatures}] and [{batch}, {HyperFeatures}]; got {state.Hidden.Shape} and "
                + $"{state.HyperHidden.Shape}. ZeroState makes the first one.",
                nameof(state));
        }
    }

    static string IStoredLayer<HyperRnnCell>.TypeName => "HyperRnnCell";

    static HyperRnnCell IStoredLayer<HyperRnnCell>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"),
        settings.Int("hiddenFeatures"),
        settings.Int("hyperFeatures"),
        settings.Int("embedding"),
        settings.Choice<EmbeddingState>("embeddingState"));

    void IStoredLayer<HyperRnnCell>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("hyperFeatures", HyperFeatures)
        .Set("embedding", EmbeddingFeatures).Set("embeddingState", EmbeddingState);

    /// <inheritdoc/>
    protected override string Describe() =>
        $"HyperRnnCell({InFeatures}, {HiddenFeatures}, hyperFeatures: {HyperFeatures}, embedding: {EmbeddingFeatures})";
}
