using System.Buffers;

namespace HyperKernels.Layers;

/// <summary>
/// Chunks: the generator runs once per chunk of S values, told by a learned chunk embedding which one, so that P values cost only S rows
/// (von Oswald et al., ICLR 2020). Cuts fall anywhere, across tensors too; the surplus of the last chunk is dropped.
/// </summary>
/// <remarks>The generator reads <c>[chunk embedding; conditions]</c>, the chunk first, as the authors' code does.</remarks>
public sealed class ChunkedEmission : Emission, IStoredLayer<ChunkedEmission>
{
    private readonly int _chunks;

    /// <summary>Makes the chunk embeddings and the shared output layer.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="width">H, the generator's outputs.</param>
    /// <param name="chunkSize">S, the values of one chunk.</param>
    /// <param name="chunkEmbedding">The length of a chunk embedding.</param>
    /// <param name="scheme">Draws the output layer as if it were one tensor of S values, and gives the base weights.</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1.</exception>
    public ChunkedEmission(TargetManifest manifest, int width, int chunkSize, int chunkEmbedding, EmissionScheme scheme, RandomStream? random = null)
        : base(manifest, width, scheme?.HasBase ?? false)
    {
        ArgumentNullException.ThrowIfNull(scheme);
        if (chunkSize < 1 || chunkEmbedding < 1)
        {
            Throw.Argument($"ChunkedEmission: chunk size and chunk embedding must be at least 1; got {chunkSize} and {chunkEmbedding}.");
        }
        ChunkSize = chunkSize;
        _chunks = (manifest.Count + chunkSize - 1) / chunkSize;
        ManifestEntry chunk = new(["chunk"], [chunkSize], ParameterRole.Weight, 0);
        Chunks = AddParameter("chunks", [_chunks, chunkEmbedding], Initializer.Normal(), random, ParameterRole.Table);
        Weight = AddParameter("weight", [chunkSize, width], Initializer.Zeros, random);
        Weight.Load(scheme.Rows(chunk, width, random));
        Bias = AddParameter("bias", [chunkSize], Initializer.Zeros, random, ParameterRole.Bias, Weight);
        if (scheme.HasBase)
        {
            Theta0 = AddParameter("theta0", [manifest.Count], Initializer.Zeros, random, ParameterRole.Bias);
            Theta0.Load([.. manifest.Entries.SelectMany(e => scheme.Base(e) ?? new float[e.Count])]);
        }
    }

    /// <summary>S: the values of one chunk.</summary>
    public int ChunkSize { get; }

    /// <summary>One embedding per chunk.</summary>
    public Parameter Chunks { get; }

    /// <summary><c>[S, H]</c>, shared by all chunks.</summary>
    public Parameter Weight { get; }

    /// <summary><c>[S]</c>, shared by all chunks.</summary>
    public Parameter Bias { get; }

    /// <summary>The base weights <c>[P]</c>, or null.</summary>
    public Parameter? Theta0 { get; }

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator)
    {
        int sets = embedding.Shape[0];
        int size = embedding.Shape[1];
        int chunkEmbedding = Chunks.Shape[1];
        Tensor chunks = Ops.BroadcastTo(Ops.Reshape(Chunks.Value, [1, _chunks, chunkEmbedding]), [sets, _chunks, chunkEmbedding]);
        Tensor conditions = Ops.BroadcastTo(Ops.Reshape(embedding, [sets, 1, size]), [sets, _chunks, size]);
        Tensor inputs = Ops.Reshape(Ops.Concatenate(2, chunks, conditions), [sets * _chunks, chunkEmbedding + size]);
        Tensor values = Ops.Linear(generator.Forward(inputs), Weight.Value, Bias.Value);
        Tensor flat = Ops.Slice(Ops.Reshape(values, [sets, _chunks * ChunkSize]), 1, 0, Manifest.Count);
        return Theta0 is null ? flat : Ops.Add(flat, Theta0.Value);
    }

    /// <inheritdoc/>
    /// <remarks>Written out: a tensor begins and ends anywhere in a chunk.</remarks>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Tensor flat = Flat(embedding, generator);
        int sets = flat.Shape[0];
        Tensor[] rented = ArrayPool<Tensor>.Shared.Rent(weights.Length);
        try
        {
            Span<Tensor> pieces = rented.AsSpan(0, weights.Length);
            Ops.Split(flat, 1, Manifest.Lengths, pieces);
            for (int i = 0; i < weights.Length; i++)
            {
                Shape shape = Manifest.Entries[i].Shape;
                weights[i] = Ops.Reshape(pieces[i], sets == 1 ? shape : shape.Insert(0, sets));
            }
        }
        finally
        {
            ArrayPool<Tensor>.Shared.Return(rented, clearArray: true);
        }
    }

    static string IStoredLayer<ChunkedEmission>.TypeName => "ChunkedEmission";

    static ChunkedEmission IStoredLayer<ChunkedEmission>.Read(LayerSettings settings) => new(
        TargetManifest.Read(settings), settings.Int("width"), settings.Int("chunkSize"), settings.Int("chunkEmbedding"),
        EmissionScheme.Zeros(settings.Flag("base")));

    void IStoredLayer<ChunkedEmission>.WriteSettings(LayerSettings settings) =>
        WriteParts(settings).Set("chunkSize", ChunkSize).Set("chunkEmbedding", Chunks.Shape[1]);
}
