using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Autoregressive generation of parameters: a codec turns the chunks of a network's weights into codes, and a transformer writes such codes one after another
/// when it is told an architecture and a data set. Trained in two steps, on checkpoints of several architectures and data sets: first
/// <see cref="CodecLoss"/>, then <see cref="SequenceLoss"/>.
/// </summary>
/// <remarks>
/// Architectures and data sets are told by learned embeddings, where the authors encode their descriptions with a language model. Source: Soro and others,
/// Instruction-Guided Autoregressive Neural Network Parameter Generation, arXiv 2504.02012, and the authors' code, sorobedio/igpg.
/// </remarks>
public sealed class Igpg : Layer, IStoredLayer<Igpg>
{
    private const float FirstDeviation = 0.02f;

    private readonly int[][] _architectures;
    private readonly Parameter _architecture;
    private readonly Parameter _dataset;
    private readonly Parameter _tensor;
    private readonly Parameter _chunk;

    static Igpg()
    {
        LayerTypes.Register<Igpg>();
        LayerTypes.Register<WeightCodec>();
        LayerTypes.Register<VectorQuantizer>();
        LayerTypes.Register<CodeTransformer>();
    }

    /// <summary>Makes codec and transformer.</summary>
    /// <param name="architectures">For every architecture the number of values of each tensor.</param>
    /// <param name="datasets">The number of data sets.</param>
    /// <param name="options">Everything else; null means the defaults.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There is no architecture or data set, a tensor has no values, or a size is below 1.</exception>
    public Igpg(IReadOnlyList<IReadOnlyList<int>> architectures, int datasets, IgpgOptions? options = null, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(architectures);
        Options = options ??= new IgpgOptions();
        _architectures = [.. Throw.IfAnyNull("Igpg", architectures).Select(static sizes => sizes.ToArray())];
        if (_architectures.Length == 0 || datasets < 1 || _architectures.Any(static sizes => sizes.Length == 0 || sizes.Min() < 1) || options.ChunkSize < 1)
        {
            throw new ArgumentException(
                $"Igpg: at least one architecture, one data set, and tensors and chunks with values are needed; got {_architectures.Length} architectures, {datasets} data sets "
                + $"and chunks of {options.ChunkSize}.");
        }
        Datasets = datasets;
        int chunks = Enumerable.Range(0, _architectures.Length).Max(i => ChunksOf(i).Count());
        Initializer first = Initializer.Normal(0, FirstDeviation);
        _architecture = AddParameter("architecture", [_architectures.Length, options.Embedding], first, random, ParameterRole.Table);
        _dataset = AddParameter("dataset", [datasets, options.Embedding], first, random, ParameterRole.Table);
        _tensor = AddParameter("tensor", [_architectures.Max(static sizes => sizes.Length), options.Embedding], first, random, ParameterRole.Table);
        _chunk = AddParameter("chunk", [chunks, options.Embedding], first, random, ParameterRole.Table);
        Codec = Add("codec", new WeightCodec(
            options.ChunkSize, options.Tokens, options.HiddenFeatures, options.Embedding,
            new VectorQuantizer(options.Codes, options.CodeSize, options.Quantizer, options.Commitment, random), random));
        Transformer = Add("transformer", new CodeTransformer(
            options.Codes, chunks * options.Tokens, options.Embedding, options.Heads, options.Blocks, options.Dropout, random));
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "igpg",
        Title = "Instruction-guided parameter generation (IGPG), small",
        Kind = SystemKind.Hypernetworks,
        Paper = new Paper("Soro, Andreis, Chong, Hwang", "Instruction-Guided Autoregressive Neural Network Parameter Generation", "arXiv", 2025)
        {
            Arxiv = "2504.02012",
        },
        Equation = "codes = argmin |encode(chunk) - e_k|, p(codes) = prod_t p(c_t | c_before, architecture, data set), theta = decode(codes)",
        Source = "section 3, and the authors' code, sorobedio/igpg; learned embeddings in place of a language model",
        Layers = [typeof(Igpg), typeof(WeightCodec), typeof(VectorQuantizer), typeof(CodeTransformer)],
        Design = new HypernetworkDesign(HyperInput.Task | HyperInput.Noise, HyperOutput.Chunks, HyperArchitecture.Attention),
    };

    /// <summary>The choices that it was made with.</summary>
    public IgpgOptions Options { get; }

    /// <summary>The number of data sets.</summary>
    public int Datasets { get; }

    /// <summary>Turns chunks into codes and back.</summary>
    public WeightCodec Codec { get; }

    /// <summary>Writes codes.</summary>
    public CodeTransformer Transformer { get; }

    /// <summary>P: the values of an architecture.</summary>
    /// <param name="architecture">Its number.</param>
    public int CountOf(int architecture) => SizesOf(architecture).Sum();

    /// <summary>What the codec is trained on: the squared error of weights that are encoded and decoded, and the codebook's loss.</summary>
    /// <param name="weights"><c>[B, P]</c>, flat weight sets of one architecture.</param>
    /// <param name="architecture">Its number.</param>
    /// <returns>The loss, a scalar, and its first part.</returns>
    public (Tensor Loss, Tensor Reconstruction) CodecLoss(Tensor weights, int architecture)
    {
        Tensor chunks = Cut(weights, architecture);
        (Tensor back, _, Tensor loss) = Codec.Forward(chunks, Conditions(architecture, weights.Shape[0]));
        Tensor error = Ops.MeanSquaredError(back, chunks);
        return (Ops.Add(error, loss), error);
    }

    /// <summary>Weights that are encoded and decoded.</summary>
    /// <param name="weights"><c>[B, P]</c></param>
    /// <param name="architecture">Its number.</param>
    /// <returns><c>[B, P]</c></returns>
    public Tensor Reconstruct(Tensor weights, int architecture) =>
        Join(Codec.Forward(Cut(weights, architecture), Conditions(architecture, weights.Shape[0])).Chunks, architecture);

    /// <summary>What the transformer is trained on: the cross entropy of the codes of weights. The codec gets no gradient.</summary>
    /// <param name="weights"><c>[B, P]</c></param>
    /// <param name="architecture">The weights' architecture.</param>
    /// <param name="datasets">For every weight set its data set.</param>
    /// <returns>A scalar.</returns>
    public Tensor SequenceLoss(Tensor weights, int architecture, ReadOnlySpan<int> datasets)
    {
        int batch = weights.Shape[0];
        int[] codes = Codec.Forward(Cut(weights, architecture), Conditions(architecture, batch)).Codes.ToIntArray();
        int length = codes.Length / batch;
        Tensor known = Tensor.From([.. codes.Chunk(length).SelectMany(row => row[..^1])], [batch, length - 1], weights.Device);
        Tensor scores = Transformer.Forward(Prefix(architecture, datasets), length == 1 ? null : known, Places(architecture));
        return Ops.CrossEntropy(Ops.Reshape(scores, [batch * length, Options.Codes]), Tensor.From(codes, [codes.Length], weights.Device));
    }

    /// <summary>Writes weight sets.</summary>
    /// <param name="architecture">What for.</param>
    /// <param name="datasets">For every weight set its data set.</param>
    /// <param name="random">Where draws come from.</param>
    /// <param name="temperature">How even draws are; 0 takes the likeliest codes.</param>
    /// <returns><c>[B, P]</c></returns>
    public Tensor Generate(int architecture, ReadOnlySpan<int> datasets, RandomStream random, float temperature = 1)
    {
        int[] codes = Transformer.Generate(Prefix(architecture, datasets), Places(architecture), random, temperature);
        Tensor rows = Tensor.From(codes, [codes.Length / Options.Tokens, Options.Tokens], _chunk.Device);
        return Join(Codec.Decode(rows, Conditions(architecture, datasets.Length)), architecture);
    }

    // Chunk by chunk, its tensor and its length.
    private IEnumerable<(int Tensor, int Length)> ChunksOf(int architecture) => SizesOf(architecture).SelectMany((size, tensor) =>
        Enumerable.Range(0, (size + Options.ChunkSize - 1) / Options.ChunkSize).Select(i => (tensor, Math.Min(Options.ChunkSize, size - (i * Options.ChunkSize)))));

    private int[] SizesOf(int architecture) => architecture >= 0 && architecture < _architectures.Length
        ? _architectures[architecture]
        : throw new ArgumentException($"Igpg: there are architectures 0 to {_architectures.Length - 1}; got {architecture}.", nameof(architecture));

    private Tensor Cut(Tensor weights, int architecture)
    {
        int count = CountOf(architecture);
        if (weights.Rank != 2 || weights.Shape[1] != count)
        {
            throw new ArgumentException($"Igpg: weight sets of architecture {architecture} must be [B, {count}]; got {weights.Shape}.", nameof(weights));
        }
        int[] lengths = [.. ChunksOf(architecture).Select(static chunk => chunk.Length)];
        Tensor[] pieces = Ops.Split(Ops.MultiplyScalar(weights, Options.Scale), 1, lengths);
        Tensor[] whole = Array.ConvertAll(pieces, piece => piece.Shape[1] == Options.ChunkSize ? piece : Ops.Pad(piece, [(0, 0), (0, Options.ChunkSize - piece.Shape[1])]));
        return Ops.Reshape(Ops.Stack(1, whole), [weights.Shape[0] * lengths.Length, Options.ChunkSize]);
    }

    private Tensor Join(Tensor chunks, int architecture)
    {
        (int Tensor, int Length)[] all = [.. ChunksOf(architecture)];
        int batch = chunks.Shape[0] / all.Length;
        Tensor rows = Ops.Reshape(chunks, [batch, all.Length * Options.ChunkSize]);
        return Ops.MultiplyScalar(Ops.Concatenate(1, [.. all.Select((chunk, i) => Ops.Slice(rows, 1, i * Options.ChunkSize, chunk.Length))]), 1 / Options.Scale);
    }

    /// <summary>A row for each chunk of a weight set: embeddings of its tensor and of its place, <c>[chunks, E]</c>.</summary>
    private Tensor ChunkRows(int architecture)
    {
        int[] tensors = [.. ChunksOf(architecture).Select(static chunk => chunk.Tensor)];
        return Ops.Add(Ops.GatherRows(_tensor.Value, Tensor.From(tensors, [tensors.Length], _tensor.Device)), Ops.Slice(_chunk.Value, 0, 0, tensors.Length));
    }

    private Tensor Conditions(int architecture, int batch)
    {
        Tensor rows = Ops.Add(ChunkRows(architecture), Ops.Slice(_architecture.Value, 0, architecture, 1));
        return batch == 1 ? rows : Ops.Tile(rows, batch, 1);
    }

    private Tensor Places(int architecture) => Ops.RepeatRows(ChunkRows(architecture), Options.Tokens);

    private Tensor Prefix(int architecture, ReadOnlySpan<int> datasets)
    {
        SizesOf(architecture);
        foreach (int dataset in datasets)
        {
            if (dataset < 0 || dataset >= Datasets)
            {
                throw new ArgumentException($"Igpg: there are data sets 0 to {Datasets - 1}; got {dataset}.", nameof(datasets));
            }
        }
        Tensor rows = Ops.GatherRows(_dataset.Value, Tensor.From(datasets, [datasets.Length], _dataset.Device));
        return Ops.Add(rows, Ops.Slice(_architecture.Value, 0, architecture, 1));
    }

    static string IStoredLayer<Igpg>.TypeName => "Igpg";

    static Igpg IStoredLayer<Igpg>.Read(LayerSettings settings) => new(
        settings.Groups("architectures", static group => (IReadOnlyList<int>)group.Ints("sizes")),
        settings.Int("datasets"),
        new IgpgOptions
        {
            ChunkSize = settings.Int("chunkSize"),
            Tokens = settings.Int("tokens"),
            Codes = settings.Int("codes"),
            CodeSize = settings.Int("codeSize"),
            Quantizer = settings.Choice<QuantizerKind>("quantizer"),
            Commitment = settings.Number("commitment"),
            HiddenFeatures = settings.Int("hiddenFeatures"),
            Embedding = settings.Int("embedding"),
            Heads = settings.Int("heads"),
            Blocks = settings.Int("blocks"),
            Dropout = settings.Number("dropout"),
            Scale = settings.Number("scale"),
        });

    void IStoredLayer<Igpg>.WriteSettings(LayerSettings settings) => settings
        .SetGroups("architectures", _architectures, static (sizes, group) => group.Set("sizes", sizes)).Set("datasets", Datasets)
        .Set("chunkSize", Options.ChunkSize).Set("tokens", Options.Tokens).Set("codes", Options.Codes).Set("codeSize", Options.CodeSize)
        .Set("quantizer", Options.Quantizer).Set("commitment", Options.Commitment).Set("hiddenFeatures", Options.HiddenFeatures)
        .Set("embedding", Options.Embedding).Set("heads", Options.Heads).Set("blocks", Options.Blocks).Set("dropout", Options.Dropout).Set("scale", Options.Scale);

    /// <inheritdoc/>
    protected override string Describe() => $"Igpg({_architectures.Length} architectures, {Datasets} data sets)";
}
