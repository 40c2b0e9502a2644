using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights chunk by chunk, as the continual learners of von Oswald and others make them:
/// <c>theta = first P of [h(c_0, e_t), h(c_1, e_t), ...]</c>, where one generator and one output layer of S values serve all chunks and the
/// chunk embeddings <c>c_j</c> say which one is meant. They are shared by the tasks, or every task has its own.
/// </summary>
/// <remarks>
/// <para>
/// The generator reads <c>[external; c_j; e_t]</c>. Cuts fall anywhere, across tensors too; the surplus of the last chunk is dropped. Besides the
/// order and the tasks' own embeddings this is the engine's <see cref="ChunkedEmission"/> without base weights.
/// </para>
/// <para>
/// Source: von Oswald, Henning, Grewe, Sacramento, ICLR 2020 (arXiv 1906.00695); the authors' library, chrhenning/hypnettorch (ChunkedHMLP).
/// </para>
/// </remarks>
public sealed class TaskChunkEmission : Emission, IStoredLayer<TaskChunkEmission>
{
    private readonly int _chunks;

    static TaskChunkEmission() => LayerTypes.Register<TaskChunkEmission>();

    /// <summary>Makes the output layer with PyTorch's first values, and shared chunk embeddings unless every task has its own.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="chunkSize">S, the values of one chunk.</param>
    /// <param name="chunkEmbedding">The length of a chunk embedding.</param>
    /// <param name="external">How many numbers of a row of conditions stand before the chunk embedding.</param>
    /// <param name="ownChunks">Whether the rows of conditions end with the task's own chunk embeddings (<see cref="TaskConditioning"/>).</param>
    /// <param name="bias">Whether the output layer adds a bias.</param>
    /// <param name="chunkDeviation">Of shared chunk embeddings, N(0, deviation squared).</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is too small.</exception>
    public TaskChunkEmission(
        TargetManifest manifest,
        int width,
        int chunkSize,
        int chunkEmbedding,
        int external = 0,
        bool ownChunks = false,
        bool bias = true,
        float chunkDeviation = 1,
        RandomStream? random = null)
        : base(manifest, width, hasBase: false)
    {
        if (chunkSize < 1 || chunkEmbedding < 1 || external < 0)
        {
            throw new ArgumentException(
                $"TaskChunkEmission: chunkSize and chunkEmbedding must be at least 1, external at least 0; got {chunkSize}, {chunkEmbedding} and {external}.");
        }
        ChunkSize = chunkSize;
        ChunkEmbedding = chunkEmbedding;
        External = external;
        OwnChunks = ownChunks;
        _chunks = CountChunks(manifest, chunkSize);
        Chunks = ownChunks
            ? null
            : AddParameter("chunks", [_chunks, chunkEmbedding], Initializer.Normal(0, chunkDeviation), random, ParameterRole.Table);
        Output = Add("output", new Linear(width, chunkSize, bias, random));
    }

    /// <summary>S: the values of one chunk.</summary>
    public int ChunkSize { get; }

    /// <summary>The length of a chunk embedding.</summary>
    public int ChunkEmbedding { get; }

    /// <summary>How many numbers of a row of conditions stand before the chunk embedding.</summary>
    public int External { get; }

    /// <summary>Whether every task has chunk embeddings of its own.</summary>
    public bool OwnChunks { get; }

    /// <summary>The chunk embeddings that the tasks share, <c>[chunks, ChunkEmbedding]</c>, or null.</summary>
    public Parameter? Chunks { get; }

    /// <summary>From the generator's outputs to the values of a chunk.</summary>
    public Linear Output { get; }

    /// <summary>The number of chunks that a manifest needs.</summary>
    public static int CountChunks(TargetManifest manifest, int chunkSize)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        return (int)(((long)manifest.Count + chunkSize - 1) / chunkSize);
    }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        (int sets, int size) = (embedding.Shape[0], embedding.Shape[1]);
        int own = OwnChunks ? _chunks * ChunkEmbedding : 0;
        if (size < External + own)
        {
            throw new ArgumentException(
                $"TaskChunkEmission: a row of conditions must hold {External} external inputs and {own} numbers of chunk embeddings; it has {size} numbers.",
                nameof(embedding));
        }
        int rest = size - External - own;
        Tensor[] parts = Ops.Split(embedding, 1, External, rest, own);
        Tensor chunks = Ops.Reshape(OwnChunks ? parts[2] : Chunks!.Value, [OwnChunks ? sets : 1, _chunks, ChunkEmbedding]);
        List<Tensor> columns = [Ops.BroadcastTo(chunks, [sets, _chunks, ChunkEmbedding])];
        if (External > 0)
        {
            columns.Insert(0, EveryChunk(parts[0], sets));
        }
        if (rest > 0)
        {
            columns.Add(EveryChunk(parts[1], sets));
        }
        Tensor rows = columns.Count == 1 ? columns[0] : Ops.Concatenate(2, [.. columns]);
        Tensor values = Output.Forward(generator.Forward(Ops.Reshape(rows, [sets * _chunks, External + ChunkEmbedding + rest])));
        return Ops.Slice(Ops.Reshape(values, [sets, _chunks * ChunkSize]), 1, 0, Manifest.Count);
    }

    /// <inheritdoc/>
    /// <remarks>Written out: a tensor begins and ends anywhere in a chunk.</remarks>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights) => FlatWeights.Cut(Flat(embedding, generator), Manifest, weights);

    /// <inheritdoc/>
    protected override string Describe() => $"TaskChunkEmission({_chunks} chunks of {ChunkSize}, chunkEmbedding: {ChunkEmbedding}{(OwnChunks ? ", one set per task" : "")})";

    static string IStoredLayer<TaskChunkEmission>.TypeName => "TaskChunkEmission";

    static TaskChunkEmission IStoredLayer<TaskChunkEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), settings.Int("chunkSize"), settings.Int("chunkEmbedding"),
        settings.Int("external"), settings.Flag("ownChunks"), settings.Flag("bias"));

    void IStoredLayer<TaskChunkEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("width", Width).Set("chunkSize", ChunkSize).Set("chunkEmbedding", ChunkEmbedding)
            .Set("external", External).Set("ownChunks", OwnChunks).Set("bias", Output.Bias is not null);
    }

    private Tensor EveryChunk(Tensor columns, int sets)
    {
        int size = columns.Shape[1];
        return Ops.BroadcastTo(Ops.Reshape(columns, [sets, 1, size]), [sets, _chunks, size]);
    }
}
