using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// G.pt: a transformer over checkpoints. It reads noised parameters, starting parameters, a timestep and what loss is asked for, and gives the parameters
/// without noise: <c>x0 = start + decode(blocks(LN(encode(tokens)) + positions))</c>. Every token has a linear encoder of its own, and every output token a
/// decoder, which starts at zero, so that the first answer is the starting parameters.
/// </summary>
/// <remarks>
/// <para>
/// Scalars are embedded as <c>[sin(f u), cos(f u), u]</c> with <c>f = 2^linspace(0, max, count)</c>. Trained by <see cref="GaussianDiffusion"/> on pairs of
/// checkpoints of one run; parameters are scaled first (by 4.185 in the MNIST run, 1.646 in the CIFAR one), and neurons of both permuted alike
/// (<see cref="NeuronGroup"/>).
/// </para>
/// <para>
/// Source: Peebles, Radosavovic, Brooks, Efros, Malik, Learning to Learn with Generative Models of Neural Network Checkpoints, arXiv 2209.12892, section 3,
/// and the authors' code, wpeebles/G.pt, whose names the parameters have.
/// </para>
/// </remarks>
public sealed class CheckpointTransformer : Layer, IStoredLayer<CheckpointTransformer>
{
    private readonly int[] _sizes;
    private readonly float[] _frequencies;
    private readonly Decoder _decoder;

    static CheckpointTransformer()
    {
        LayerTypes.Register<CheckpointTransformer>();
        LayerTypes.Register<SelfAttention>();
    }

    /// <summary>Makes the transformer.</summary>
    /// <param name="sizes">The number of values of each tensor of a checkpoint.</param>
    /// <param name="options">Everything else; null means the authors' MNIST run.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or heads do not divide the width.</exception>
    public CheckpointTransformer(IReadOnlyList<int> sizes, CheckpointTransformerOptions? options = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(sizes);
        Options = options ??= new CheckpointTransformerOptions();
        int smallest = Math.Min(Math.Min(options.EncoderDepth, options.DecoderDepth), Math.Min(options.Heads, options.Frequencies));
        if (sizes.Count == 0 || sizes.Any(static size => size < 1) || smallest < 1 || options.ChunkSize < 1 || options.Blocks < 0)
        {
            throw new ArgumentException(
                "CheckpointTransformer: tensors, chunks, heads, frequencies and depths must be at least 1; "
                + $"got tensors of [{string.Join(", ", sizes)}] values and {options}.");
        }
        if (options.Embedding < 1 || options.Embedding % options.Heads != 0)
        {
            throw new ArgumentException($"CheckpointTransformer: heads must divide the width; {options.Heads} do not divide {options.Embedding}.", nameof(options));
        }
        _sizes = [.. sizes];
        CheckpointSize = sizes.Sum();
        _frequencies = [.. Enumerable.Range(0, options.Frequencies).Select(i =>
            MathF.Pow(2, options.Frequencies == 1 ? 0 : options.MaxFrequencyLog2 * i / (options.Frequencies - 1)))];
        int[] scalar = [(2 * options.Frequencies) + 1];
        int[][] inputs = [_sizes, _sizes, .. Enumerable.Repeat(scalar, options.AbsoluteLoss ? 4 : 2)];
        InputTokens = Split(inputs, options);
        OutputTokens = Split([_sizes], options);
        _decoder = Add("decoder", new Decoder(InputTokens, OutputTokens, options, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "gpt",
        Title = "G.pt, diffusion over checkpoints",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Peebles, Radosavovic, Brooks, Efros, Malik", "Learning to Learn with Generative Models of Neural Network Checkpoints", "arXiv", 2022)
        {
            Arxiv = "2209.12892",
        },
        Equation = "theta* = theta + decode(transformer([x_t, theta, e(t), e(L* - L), e(L*), e(L)])), e(u) = [sin(f u), cos(f u), u]",
        Source = "section 3, and the authors' code, wpeebles/G.pt",
        Layers = [typeof(CheckpointTransformer), typeof(GaussianDiffusion), typeof(SelfAttention)],
        Design = new HypernetworkDesign(HyperInput.Data | HyperInput.Noise, HyperOutput.Chunks, HyperArchitecture.Attention, DynamicInput: true, DynamicWeights: true),
        Cases = ["G.pt checkpoint transformer"],
    };

    /// <summary>The choices that it was made with.</summary>
    public CheckpointTransformerOptions Options { get; }

    /// <summary>P: the values of a checkpoint.</summary>
    public int CheckpointSize { get; }

    /// <summary>The values of each token that is read.</summary>
    public IReadOnlyList<int> InputTokens { get; }

    /// <summary>The values of each token that is given.</summary>
    public IReadOnlyList<int> OutputTokens { get; }

    /// <summary>Takes noise out of parameters.</summary>
    /// <param name="noised"><c>[B, P]</c>, parameters with the noise of a timestep.</param>
    /// <param name="timestep"><c>[B, 1]</c></param>
    /// <param name="targetLoss"><c>[B, 1]</c>, the loss that the result should have.</param>
    /// <param name="startLoss"><c>[B, 1]</c>, the loss that the starting parameters have.</param>
    /// <param name="start"><c>[B, P]</c>, the starting parameters.</param>
    /// <returns><c>[B, P]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Forward(Tensor noised, Tensor timestep, Tensor targetLoss, Tensor startLoss, Tensor start)
    {
        int batch = noised.Rank == 2 ? noised.Shape[0] : 0;
        Check(nameof(noised), noised, batch, CheckpointSize);
        Check(nameof(start), start, batch, CheckpointSize);
        Check(nameof(timestep), timestep, batch, 1);
        Check(nameof(targetLoss), targetLoss, batch, 1);
        Check(nameof(startLoss), startLoss, batch, 1);
        List<Tensor> inputs = [noised, start, Embed(timestep), Embed(Ops.Subtract(targetLoss, startLoss))];
        if (Options.AbsoluteLoss)
        {
            inputs.AddRange([Embed(targetLoss), Embed(startLoss)]);
        }
        return Ops.Add(_decoder.Forward(Ops.Concatenate(1, [.. inputs])), start);
    }

    static string IStoredLayer<CheckpointTransformer>.TypeName => "CheckpointTransformer";

    static CheckpointTransformer IStoredLayer<CheckpointTransformer>.Read(LayerSettings settings) => new(
        settings.Ints("sizes"),
        new CheckpointTransformerOptions
        {
            Split = settings.Choice<TokenSplit>("split"),
            ChunkSize = settings.Int("chunkSize"),
            Embedding = settings.Int("embedding"),
            Heads = settings.Int("heads"),
            Blocks = settings.Int("blocks"),
            EncoderDepth = settings.Int("encoderDepth"),
            DecoderDepth = settings.Int("decoderDepth"),
            Frequencies = settings.Int("frequencies"),
            MaxFrequencyLog2 = settings.Number("maxFrequencyLog2"),
            AbsoluteLoss = settings.Flag("absoluteLoss"),
            Dropout = settings.Number("dropout"),
            Epsilon = settings.Number("epsilon"),
        });

    void IStoredLayer<CheckpointTransformer>.WriteSettings(LayerSettings settings) => settings
        .Set("sizes", _sizes).Set("split", Options.Split).Set("chunkSize", Options.ChunkSize).Set("embedding", Options.Embedding).Set("heads", Options.Heads)
        .Set("blocks", Options.Blocks).Set("encoderDepth", Options.EncoderDepth).Set("decoderDepth", Options.DecoderDepth)
        .Set("frequencies", Options.Frequencies).Set("maxFrequencyLog2", Options.MaxFrequencyLog2).Set("absoluteLoss", Options.AbsoluteLoss)
        .Set("dropout", Options.Dropout).Set("epsilon", Options.Epsilon);

    /// <inheritdoc/>
    protected override string Describe() => $"CheckpointTransformer({CheckpointSize:N0} parameters in {OutputTokens.Count} tokens, {Options.Blocks} blocks of {Options.Embedding})";

    private Tensor Embed(Tensor scalar)
    {
        Tensor angles = Ops.Multiply(scalar, Tensor.From(_frequencies, [1, _frequencies.Length], scalar.Device));
        return Ops.Concatenate(1, Ops.Sin(angles), Ops.Cos(angles), scalar);
    }

    private static void Check(string name, Tensor tensor, int batch, int width)
    {
        if (tensor.Rank != 2 || tensor.Shape[0] != batch || tensor.Shape[1] != width)
        {
            throw new ArgumentException($"CheckpointTransformer: {name} must be [{(batch == 0 ? "batch" : batch)}, {width}]; got {tensor.Shape}.", name);
        }
    }

    private static int[] Split(int[][] inputs, CheckpointTransformerOptions options) => options.Split switch
    {
        TokenSplit.LayerByLayer => [.. inputs.SelectMany(static input => input)],
        TokenSplit.ChunkWithinLayer => [.. inputs.SelectMany(static input => input).SelectMany(size => Chunks(size, options.ChunkSize))],
        TokenSplit.ChunkWithinInput => [.. inputs.SelectMany(input => Chunks(input.Sum(), options.ChunkSize))],
        _ => [.. Chunks(inputs.Sum(static input => input.Sum()), options.ChunkSize)],
    };

    private static IEnumerable<int> Chunks(int values, int chunk)
    {
        for (; values > 0; values -= chunk)
        {
            yield return Math.Min(values, chunk);
        }
    }

    /// <summary>The transformer between flat inputs and flat outputs.</summary>
    private sealed class Decoder : TensorLayer
    {
        private readonly int[] _inputTokens;
        private readonly Parameter _positions;
        private readonly Dropout _drop;
        private readonly Sequential _blocks;
        private readonly Sequential _encoders;
        private readonly LayerNorm _normIn;
        private readonly LayerNorm _normOut;
        private readonly Sequential _decoders;

        public Decoder(IReadOnlyList<int> inputTokens, IReadOnlyList<int> outputTokens, CheckpointTransformerOptions options, RandomStream? random)
        {
            _inputTokens = [.. inputTokens];
            _positions = AddParameter("pos_emb", [1, inputTokens.Count, options.Embedding], Initializer.Zeros, random, ParameterRole.Table);
            _drop = Add("drop", new Dropout(options.Dropout, random));
            _blocks = Add("blocks", new Sequential([.. Enumerable.Range(0, options.Blocks).Select(_ =>
                new PreNormBlock(options.Embedding, options.Heads, causal: false, options.Dropout, options.Epsilon, random))]));
            _encoders = Add("input_parameter_projections", new Sequential([.. inputTokens.Select(size =>
                Deep(size, options.Embedding, options.Embedding, options.EncoderDepth, random))]));
            _normIn = Add("ln_in", new LayerNorm(options.Embedding, options.Epsilon));
            _normOut = Add("ln_f", new LayerNorm(options.Embedding, options.Epsilon));
            _decoders = Add("output_parameter_projections", new Sequential([.. outputTokens.Select(size =>
                Deep(options.Embedding, options.Embedding, size, options.DecoderDepth, random))]));
            foreach (TensorLayer decoder in _decoders)
            {
                Sequential layers = (Sequential)decoder;
                Initializer.Zeros.Apply(((Linear)layers[layers.Length - 1]).Weight, random);
            }
        }

        public override Tensor Forward(Tensor input)
        {
            Tensor[] tokens = Ops.Split(input, 1, _inputTokens);
            Tensor embedded = Ops.Stack(1, [.. tokens.Select((token, i) => _encoders[i].Forward(token))]);
            Tensor hidden = _drop.Forward(Ops.Add(_normIn.Forward(embedded), _positions.Value));
            hidden = _normOut.Forward(_blocks.Forward(hidden));
            (int batch, int width) = (hidden.Shape[0], hidden.Shape[2]);
            return Ops.Concatenate(1, [.. _decoders.Select((decoder, i) => decoder.Forward(Ops.Reshape(Ops.Slice(hidden, 1, i, 1), [batch, width])))]);
        }

        private static Sequential Deep(int inFeatures, int width, int outFeatures, int depth, RandomStream? random)
        {
            List<TensorLayer> layers = [];
            for (int i = 0; i < depth; i++)
            {
                layers.Add(PreNormBlock.NewLinear(i == 0 ? inFeatures : width, i == depth - 1 ? outFeatures : width, random, bias: false));
                if (i < depth - 1)
                {
                    layers.Add(new Gelu());
                }
            }
            return new Sequential([.. layers]);
        }
    }
}
