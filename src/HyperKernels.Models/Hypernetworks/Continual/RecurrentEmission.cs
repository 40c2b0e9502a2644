using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A dependency preserving hypernetwork: a recurrent network runs over the chunks, or over the tensors, of the target, so that weights made
/// later depend on those made before. <c>h_j = LSTM([z; c_j], h_(j-1))</c> from a state of zeros, with the prepared condition <c>z</c> (a task's
/// embedding) and a learned embedding <c>c_j</c> of the step; then chunk <c>j</c> is <c>H h_j + k</c> with one head for all, the surplus of the last
/// dropped, or tensor <c>j</c> is <c>H_j h_j + k_j</c> with a head of its own.
/// </summary>
/// <remarks>
/// <para>
/// Steps follow one another; conditions run side by side. With a head per tensor, weights stay factored, and the target's layers need not have them
/// in memory. Whatever generator stands before it makes <c>z</c>; the published one has none.
/// </para>
/// <para>
/// Source: Chandra, Varshney, Srijith, Gupta, Continual Learning with Dependency Preserving Hypernetworks, WACV 2023 (arXiv 2209.07712), from the
/// description: no code of the authors is known. Its further regulariser and its growing are left out; <see cref="OutputRegulariser"/> protects
/// earlier tasks here too. The GRU and the plain recurrent network are additions.
/// </para>
/// </remarks>
public sealed class RecurrentEmission : Emission, IStoredLayer<RecurrentEmission>
{
    private readonly Layer _cell;
    private readonly Parameter _steps;

    static RecurrentEmission() => LayerTypes.Register<RecurrentEmission>();

    /// <summary>Makes the cell and the heads with PyTorch's first values, and step embeddings from N(0, 1).</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">The numbers per row that the generator gives: the length of z.</param>
    /// <param name="hiddenFeatures">The size of the recurrent state.</param>
    /// <param name="stepEmbedding">The length of a step's embedding.</param>
    /// <param name="chunkSize">The values of a chunk; null for a step, and a head, per tensor.</param>
    /// <param name="kind">The recurrent network.</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public RecurrentEmission(
        TargetManifest manifest,
        int width,
        int hiddenFeatures,
        int stepEmbedding,
        int? chunkSize = null,
        RecurrentKind kind = RecurrentKind.Lstm,
        RandomStream? random = null)
        : base(manifest, width, hasBase: false)
    {
        if (hiddenFeatures < 1 || stepEmbedding < 1 || chunkSize < 1)
        {
            throw new ArgumentException(
                $"RecurrentEmission: hiddenFeatures, stepEmbedding and chunkSize must be at least 1; got {hiddenFeatures}, {stepEmbedding} and {chunkSize}.");
        }
        HiddenFeatures = hiddenFeatures;
        StepEmbedding = stepEmbedding;
        ChunkSize = chunkSize;
        Kind = kind;
        Steps = chunkSize is { } size ? TaskChunkEmission.CountChunks(manifest, size) : manifest.Entries.Count;
        int inputs = width + stepEmbedding;
        _cell = Add<Layer>("cell", kind switch
        {
            RecurrentKind.Lstm => new LstmCell(inputs, hiddenFeatures, random: random),
            RecurrentKind.Gru => new GruCell(inputs, hiddenFeatures, random: random),
            RecurrentKind.Tanh => new TanhCell(inputs, hiddenFeatures, random),
            _ => throw new ArgumentException($"RecurrentEmission: kind must be one of {string.Join(", ", Enum.GetNames<RecurrentKind>())}; got {kind}.", nameof(kind)),
        });
        _steps = AddParameter("steps", [Steps, stepEmbedding], Initializer.Normal(), random, ParameterRole.Table);
        Heads = chunkSize is { } values
            ? [Add("head", new Linear(hiddenFeatures, values, random: random))]
            : [.. manifest.Entries.Select((entry, i) => Add($"head{i}", new Linear(hiddenFeatures, entry.Count, random: random)))];
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "dependency-preserving",
        Title = "Dependency preserving (RNN) hypernetwork",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Chandra, Varshney, Srijith, Gupta", "Continual Learning with Dependency Preserving Hypernetworks", "WACV", 2023) { Arxiv = "2209.07712" },
        Equation = "h_j = LSTM([e_t; c_j], h_(j-1)); chunk j is H h_j + k, or tensor j is H_j h_j + k_j",
        Source = "the recurrence as described; without the growing and the regulariser of its own, whose form could not be checked",
        Layers = [typeof(RecurrentEmission)],
        Design = new HypernetworkDesign(HyperInput.Task, HyperOutput.Chunks | HyperOutput.Heads, HyperArchitecture.Rnn),
        Cases = ["dependency preserving (RNN) hypernetwork"],
        Recipe = "split-mnist-recurrent",
    };

    /// <summary>The size of the recurrent state.</summary>
    public int HiddenFeatures { get; }

    /// <summary>The length of a step's embedding.</summary>
    public int StepEmbedding { get; }

    /// <summary>The values of a chunk, or null where every tensor is a step.</summary>
    public int? ChunkSize { get; }

    /// <summary>The recurrent network.</summary>
    public RecurrentKind Kind { get; }

    /// <summary>The number of steps.</summary>
    public int Steps { get; }

    /// <summary>The one head of all chunks, or one head per tensor.</summary>
    public IReadOnlyList<Linear> Heads { get; }

    /// <summary>Runs the recurrent network over all steps.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns>The state after each step, <c>[C, hiddenFeatures]</c>.</returns>
    public Tensor[] States(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor condition = generator.Forward(embedding);
        int sets = condition.Shape[0];
        Tensor[] steps = Ops.Split(_steps.Value, 0, [.. Enumerable.Repeat(1, Steps)]);
        Tensor[] states = new Tensor[Steps];
        Tensor hidden = Tensor.Zeros([sets, HiddenFeatures], condition.Device);
        Tensor memory = hidden;
        for (int i = 0; i < states.Length; i++)
        {
            Tensor input = Ops.Concatenate(1, condition, Ops.BroadcastTo(steps[i], [sets, StepEmbedding]));
            switch (_cell)
            {
                case LstmCell lstm:
                    (hidden, memory) = lstm.Forward(input, hidden, memory);
                    break;
                case GruCell gru:
                    hidden = gru.Forward(input, hidden);
                    break;
                case TanhCell tanh:
                    hidden = tanh.Forward(input, hidden);
                    break;
            }
            states[i] = hidden;
        }
        return states;
    }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        Tensor[] states = States(embedding, generator);
        int sets = states[0].Shape[0];
        if (ChunkSize is not { } size)
        {
            return Ops.Concatenate(1, [.. states.Select((state, i) => Heads[i].Forward(state))]);
        }
        // One product for all steps: only the states wait for one another.
        Tensor values = Heads[0].Forward(Ops.Reshape(Ops.Stack(1, states), [sets * Steps, HiddenFeatures]));
        return Ops.Slice(Ops.Reshape(values, [sets, Steps * size]), 1, 0, Manifest.Count);
    }

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        if (ChunkSize is not null)
        {
            FlatWeights.Cut(Flat(embedding, generator), Manifest, weights);
            return;
        }
        Tensor[] states = States(embedding, generator);
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = Weight.Generated(states[i], Heads[i].Weight.Value, Heads[i].Bias!.Value, Manifest.Entries[i].Shape);
        }
    }

    /// <inheritdoc/>
    protected override string Describe() =>
        $"RecurrentEmission({Kind}, {Steps} {(ChunkSize is { } size ? $"chunks of {size}" : "tensors")}, hiddenFeatures: {HiddenFeatures}, stepEmbedding: {StepEmbedding})";

    static string IStoredLayer<RecurrentEmission>.TypeName => "RecurrentEmission";

    static RecurrentEmission IStoredLayer<RecurrentEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), settings.Int("hiddenFeatures"), settings.Int("stepEmbedding"),
        settings.Has("chunkSize") ? settings.Int("chunkSize") : null, settings.Choice<RecurrentKind>("kind"));

    void IStoredLayer<RecurrentEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("hiddenFeatures", HiddenFeatures).Set("stepEmbedding", StepEmbedding).Set("kind", Kind);
        if (ChunkSize is { } size)
        {
            settings.Set("chunkSize", size);
        }
    }
}
