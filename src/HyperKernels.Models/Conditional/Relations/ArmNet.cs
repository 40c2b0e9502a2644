using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A predictor for tables: every field of a row is an embedding times a value, an <see cref="AdaptiveRelationModule"/> multiplies fields, and a perceptron with batch norms
/// reads what it gives; an ensemble adds a perceptron that reads embeddings of its own.
/// </summary>
/// <remarks>
/// The batch norm behind the module runs over batch and embedding, a channel for each neuron. Source: Cai and others, ARM-Net, SIGMOD 2021 (arXiv 2107.01830), section 3, and
/// the authors' code, nusdbsystem/ARM-Net.
/// </remarks>
public sealed class ArmNet : Layer, IStoredLayer<ArmNet>
{
    private const float SmallestValue = 0.001f;

    private readonly Embedding _embedding;
    private readonly BatchNorm _norm;
    private readonly Sequential _mlp;
    private readonly (Embedding Embedding, Sequential Mlp, Linear Join)? _deep;

    static ArmNet()
    {
        LayerTypes.Register<ArmNet>();
        LayerTypes.Register<AdaptiveRelationModule>();
    }

    /// <summary>Makes the network.</summary>
    /// <param name="features">Rows of the embedding: the values that fields can take, all together.</param>
    /// <param name="fields">F.</param>
    /// <param name="embedding">E, the size of an embedding.</param>
    /// <param name="options">Everything else; null means the authors' defaults.</param>
    /// <param name="random">Where first values and dropout come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public ArmNet(int features, int fields, int embedding, ArmNetOptions? options = null, RandomStream? random = null)
    {
        Options = options ?? new ArmNetOptions();
        (FeatureCount, Fields, EmbeddingSize) = (features, fields, embedding);
        Relations = Add("relations", new AdaptiveRelationModule(fields, embedding, Options.Heads, Options.Neurons, Options.Alpha, random));
        int neurons = Options.Heads * Options.Neurons;
        _embedding = Add("embedding", NewEmbedding(features, embedding, random));
        _norm = Add("norm", new BatchNorm(neurons));
        _mlp = Add("mlp", Perceptron(neurons * embedding, Options.HiddenLayers, Options.HiddenFeatures, random));
        if (Options.Ensemble)
        {
            Linear join = new(2, 1, random: random);
            join.Weight.Load([0.5f, 0.5f]);
            join.Bias!.Load([0]);
            _deep = (
                Add("deep_embedding", NewEmbedding(features, embedding, random)),
                Add("deep_mlp", Perceptron(fields * embedding, Options.DeepLayers, Options.DeepFeatures, random)),
                Add("join", join));
        }
    }

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "arm-net",
        Title = "ARM-Net: exponential neurons behind sparse gates over fields",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Cai and others", "ARM-Net: Adaptive Relation Modeling Network for Structured Data", "SIGMOD", 2021) { Arxiv = "2107.01830" },
        Equation = "y_hk = exp(sum_f z_hkf v_hkf x_f), z_hk = entmax_alpha(x B_h q_hk / sqrt(E))",
        Source = "eq. 4 to 7; the authors' code, nusdbsystem/ARM-Net",
        Layers = [typeof(ArmNet), typeof(AdaptiveRelationModule)],
        Cases = ["ARM-Net"],
    };

    /// <summary>Rows of the embedding.</summary>
    public int FeatureCount { get; }

    /// <summary>F.</summary>
    public int Fields { get; }

    /// <summary>E.</summary>
    public int EmbeddingSize { get; }

    /// <summary>Everything else.</summary>
    public ArmNetOptions Options { get; }

    /// <summary>Multiplies fields.</summary>
    public AdaptiveRelationModule Relations { get; }

    /// <summary>Looks fields up: <c>Emb[id] value</c>, values held within 0.001 and 1 as the authors hold them.</summary>
    /// <param name="ids">Which values the fields have, integers <c>[B, F]</c>.</param>
    /// <param name="values">How much of them, <c>[B, F]</c>; 1 for fields of classes.</param>
    /// <returns><c>[B, F, E]</c></returns>
    public Tensor Embed(Tensor ids, Tensor values) => Scaled(_embedding, ids, values);

    /// <summary>Predicts.</summary>
    /// <param name="ids">Which values the fields have, integers <c>[B, F]</c>.</param>
    /// <param name="values">How much of them, <c>[B, F]</c>.</param>
    /// <returns>A logit or a number for each row, <c>[B]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or an id is out of range.</exception>
    public Tensor Forward(Tensor ids, Tensor values)
    {
        if (ids.Rank != 2 || ids.Shape[1] != Fields || values.Shape != ids.Shape)
        {
            throw new ArgumentException($"ArmNet: ids and values must both be [B, {Fields}]; they are {ids.Shape} and {values.Shape}.");
        }
        Tensor crossed = _norm.Forward(Relations.Forward(Embed(ids, values)));
        Tensor y = _mlp.Forward(Ops.Flatten(crossed));
        if (_deep is { } deep)
        {
            Tensor other = deep.Mlp.Forward(Ops.Flatten(Scaled(deep.Embedding, ids, values)));
            y = deep.Join.Forward(Ops.Concatenate(1, y, other));
        }
        return Ops.Reshape(y, ids.Shape[0]);
    }

    static string IStoredLayer<ArmNet>.TypeName => "ArmNet";

    static ArmNet IStoredLayer<ArmNet>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Int("fields"), settings.Int("embedding"), new ArmNetOptions
    {
        Heads = settings.Int("heads"),
        Neurons = settings.Int("neurons"),
        Alpha = settings.Number("alpha"),
        HiddenLayers = settings.Int("hiddenLayers"),
        HiddenFeatures = settings.Int("hiddenFeatures"),
        Ensemble = settings.Flag("ensemble"),
        DeepLayers = settings.Int("deepLayers"),
        DeepFeatures = settings.Int("deepFeatures"),
        Dropout = settings.Number("dropout"),
    });

    void IStoredLayer<ArmNet>.WriteSettings(LayerSettings settings) => settings
        .Set("features", FeatureCount).Set("fields", Fields).Set("embedding", EmbeddingSize).Set("heads", Options.Heads).Set("neurons", Options.Neurons)
        .Set("alpha", Options.Alpha).Set("hiddenLayers", Options.HiddenLayers).Set("hiddenFeatures", Options.HiddenFeatures).Set("ensemble", Options.Ensemble)
        .Set("deepLayers", Options.DeepLayers).Set("deepFeatures", Options.DeepFeatures).Set("dropout", Options.Dropout);

    /// <inheritdoc/>
    protected override string Describe() => $"ArmNet({FeatureCount}, fields: {Fields}, {EmbeddingSize})";

    private static Embedding NewEmbedding(int rows, int size, RandomStream? random)
    {
        Embedding embedding = new(rows, size, random);
        Initializer.XavierUniform().Apply(embedding.Weight, random);
        return embedding;
    }

    private static Tensor Scaled(Embedding table, Tensor ids, Tensor values) =>
        Ops.Multiply(table.Forward(ids), Ops.Reshape(Ops.Clamp(values, SmallestValue, 1), [ids.Shape[0], ids.Shape[1], 1]));

    private Sequential Perceptron(int inFeatures, int hiddenLayers, int hiddenFeatures, RandomStream? random)
    {
        List<TensorLayer> layers = [];
        int before = inFeatures;
        for (int i = 0; i < hiddenLayers; i++)
        {
            layers.AddRange([new Linear(before, hiddenFeatures, random: random), new BatchNorm(hiddenFeatures), new Relu(), new Dropout(Options.Dropout, random)]);
            before = hiddenFeatures;
        }
        return new Sequential([.. layers, new Linear(before, 1, random: random)]);
    }
}
