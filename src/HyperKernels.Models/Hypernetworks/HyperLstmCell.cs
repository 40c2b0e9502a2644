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
/// cell: the embeddings come from the small cell's state of the same step, and the forget bias of 1 is added behind the norm. Dropout
/// inside the cell is left out.
/// </para>
/// </remarks>
public sealed class HyperLstmCell : Layer, IStoredLayer<HyperLstmCell>
{
    private const int Gates = LstmGates.GateCount;

    // What is generated for each gate: a scale for the rows of the input's matrix, one for those of the state's, and a shift, in this order.
    private const int Scales = 2 * Gates;
    private const int Generated = 3 * Gates;
    private const float FirstScale = 0.1f;
    private const float ShiftEmbeddingDeviation = 0.01f;

    private readonly Parameter _weightInput;
    private readonly Parameter _weightHidden;
    private readonly Parameter _bias;
    private readonly Parameter _hyperWeight;
    private readonly Parameter? _hyperBias;
    private readonly Parameter _embedding;
    private readonly Parameter _embeddingBias;
    private readonly Parameter _generator;
    private readonly LstmGates _gates;
    private readonly LstmGates _hyperGates;

    static HyperLstmCell() => LayerTypes.Register<HyperLstmCell>();

    /// <summary>Makes the cell.</summary>
    /// <param name="inFeatures">The size I of the input.</param>
    /// <param name="hiddenFeatures">The size H of the large cell's state.</param>
    /// <param name="hyperFeatures">The size K of the small cell's state; 128 is the authors' default.</param>
    /// <param name="embedding">The size Z of an embedding; 16 is the authors' default.</param>
    /// <param name="layerNorm">Whether gates and memories of both cells are normalised.</param>
    /// <param name="hyperBias">Whether the small cell adds a bias before its norms, as the authors' does; the norms leave little of it.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public HyperLstmCell(
        int inFeatures,
        int hiddenFeatures,
        int hyperFeatures = 128,
        int embedding = 16,
        bool layerNorm = true,
        bool hyperBias = true,
        RandomStream? random = null)
    {
        Positive(nameof(inFeatures), inFeatures);
        Positive(nameof(hiddenFeatures), hiddenFeatures);
        Positive(nameof(hyperFeatures), hyperFeatures);
        Positive(nameof(embedding), embedding);
        InFeatures = inFeatures;
        HiddenFeatures = hiddenFeatures;
        HyperFeatures = hyperFeatures;
        EmbeddingFeatures = embedding;
        LayerNorm = layerNorm;

        _weightInput = AddParameter("weight_input", [Gates, hiddenFeatures, inFeatures], new GateInitializer(inFeatures), random);
        _weightHidden = AddParameter("weight_hidden", [Gates, hiddenFeatures, hiddenFeatures], new GateInitializer(0), random);
        _bias = AddParameter("bias", [Gates, 1, hiddenFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weightInput);
        _hyperWeight = AddParameter(
            "hyper_weight", [Gates, hyperFeatures, inFeatures + hiddenFeatures + hyperFeatures], new GateInitializer(inFeatures + hiddenFeatures), random);
        _hyperBias = hyperBias
            ? AddParameter("hyper_bias", [Gates, 1, hyperFeatures], Initializer.Zeros, random, ParameterRole.Bias, _hyperWeight)
            : null;
        _embedding = AddParameter(
            "embedding", [Generated, embedding, hyperFeatures], new ScaleThenShift(Initializer.Zeros, Initializer.Normal(0, ShiftEmbeddingDeviation)), random);
        _embeddingBias = AddParameter("embedding_bias", [Scales, 1, embedding], Initializer.Ones, random, ParameterRole.Bias, _embedding);
        _generator = AddParameter(
            "generator", [Generated, embedding, hiddenFeatures], new ScaleThenShift(Initializer.Constant(FirstScale / embedding), Initializer.Zeros), random);
        _gates = Add("gates", new LstmGates(hiddenFeatures, layerNorm));
        _hyperGates = Add("hyper_gates", new LstmGates(hyperFeatures, layerNorm));
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
        Layers = [typeof(HyperLstmCell)],
        Design = new HypernetworkDesign(HyperInput.Data, HyperOutput.Components, HyperArchitecture.Rnn, DynamicInput: true, DynamicWeights: true),
        Cases = ["HyperLSTM"],
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
    public bool LayerNorm { get; }

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
        if (input.Rank != 2 || input.Shape[1] != InFeatures)
        {
            throw new ArgumentException($"HyperLstmCell: the input must be [batch, {InFeatures}]; got {input.Shape}.", nameof(input));
        }
        int batch = input.Shape[0];
        if (!Fits(state.Hidden, batch, HiddenFeatures) || !Fits(state.Cell, batch, HiddenFeatures)
            || !Fits(state.HyperHidden, batch, HyperFeatures) || !Fits(state.HyperCell, batch, HyperFeatures))
        {
            throw new ArgumentException(
                $"HyperLstmCell: the state must be two tensors [{batch}, {HiddenFeatures}] and two [{batch}, {HyperFeatures}]; got {state.Hidden.Shape}, "
                + $"{state.Cell.Shape}, {state.HyperHidden.Shape} and {state.HyperCell.Shape}. ZeroState makes the first one.",
                nameof(state));
        }

        Tensor read = Ops.Concatenate(1, input, state.Hidden, state.HyperHidden);
        Tensor hyperSums = Ops.Matmul(read, _hyperWeight.Value, transposeB: true);
        hyperSums = _hyperBias is null ? hyperSums : Ops.Add(hyperSums, _hyperBias.Value);
        (Tensor hyperHidden, Tensor hyperCell) = _hyperGates.Forward(hyperSums, state.HyperCell);

        // The embeddings of shifts have no bias.
        Tensor bias = Ops.Pad(_embeddingBias.Value, [(0, Gates), (0, 0), (0, 0)]);
        Tensor embeddings = Ops.Add(Ops.Matmul(hyperHidden, _embedding.Value, transposeB: true), bias);
        Span<Tensor> generated = [default, default, default];
        Ops.Split(Ops.Matmul(embeddings, _generator.Value), 0, [Gates, Gates, Gates], generated);

        Tensor fromInput = Ops.Multiply(generated[0], Ops.Matmul(input, _weightInput.Value, transposeB: true));
        Tensor fromHidden = Ops.Multiply(generated[1], Ops.Matmul(state.Hidden, _weightHidden.Value, transposeB: true));
        Tensor sums = Ops.Add(Ops.Add(fromInput, fromHidden), Ops.Add(generated[2], _bias.Value));
        (Tensor hidden, Tensor cell) = _gates.Forward(sums, state.Cell);
        return new HyperLstmState(hidden, cell, hyperHidden, hyperCell);
    }

    static string IStoredLayer<HyperLstmCell>.TypeName => "HyperLstmCell";

    static HyperLstmCell IStoredLayer<HyperLstmCell>.Read(LayerSettings settings) => new(
        settings.Int("inFeatures"),
        settings.Int("hiddenFeatures"),
        settings.Int("hyperFeatures"),
        settings.Int("embedding"),
        settings.Flag("layerNorm"),
        settings.Flag("hyperBias"));

    void IStoredLayer<HyperLstmCell>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("hiddenFeatures", HiddenFeatures).Set("hyperFeatures", HyperFeatures)
        .Set("embedding", EmbeddingFeatures).Set("layerNorm", LayerNorm).Set("hyperBias", _hyperBias is not null);

    /// <inheritdoc/>
    protected override string Describe()
    {
        string norm = LayerNorm ? "" : ", layerNorm: false";
        return $"HyperLstmCell({InFeatures}, {HiddenFeatures}, hyperFeatures: {HyperFeatures}, embedding: {EmbeddingFeatures}{norm})";
    }

    private static void Positive(string name, int size)
    {
        if (size < 1)
        {
            throw new ArgumentException($"HyperLstmCell: {name} must be at least 1; got {size}.", name);
        }
    }

    private static bool Fits(Tensor tensor, int batch, int features) =>
        tensor.Rank == 2 && tensor.Shape[0] == batch && tensor.Shape[1] == features;

    /// <summary>One initialiser for what concerns scales, another for what concerns shifts.</summary>
    private sealed class ScaleThenShift(Initializer scales, Initializer shifts) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            int count = values.Length / Generated * Scales;
            scales.Fill(values[..count], [Scales, shape[1], shape[2]], random);
            shifts.Fill(values[count..], [Generated - Scales, shape[1], shape[2]], random);
        }
    }

    /// <summary>Draws a gate's matrix after another: Xavier-uniform columns for what comes in, orthogonal ones for the state.</summary>
    private sealed class GateInitializer(int inputColumns) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            (int gates, int rows, int columns) = (shape[0], shape[1], shape[2]);
            int stateColumns = columns - inputColumns;
            float[] fromInput = new float[rows * inputColumns];
            float[] fromState = new float[rows * stateColumns];
            for (int gate = 0; gate < gates; gate++)
            {
                if (inputColumns > 0)
                {
                    XavierUniform().Fill(fromInput, [rows, inputColumns], random);
                }
                if (stateColumns > 0)
                {
                    Orthogonal().Fill(fromState, [rows, stateColumns], random);
                }
                for (int row = 0; row < rows; row++)
                {
                    Span<float> target = values.Slice(((gate * rows) + row) * columns, columns);
                    fromInput.AsSpan(row * inputColumns, inputColumns).CopyTo(target);
                    fromState.AsSpan(row * stateColumns, stateColumns).CopyTo(target[inputColumns..]);
                }
            }
        }
    }
}
