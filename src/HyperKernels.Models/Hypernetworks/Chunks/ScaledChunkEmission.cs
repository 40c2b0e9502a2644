using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Weights in N chunks of S values, each from a learned embedding that the condition scales: <c>chunk_j = W (s_j z_j) + b</c>, laid end to end; what
/// is beyond the target's P weights is dropped. With all scales 1 the weights depend on no condition.
/// </summary>
/// <remarks>
/// <para>
/// The generator gives rows of N scales. A tensor that reaches over few chunks stays factored where there are several weight sets:
/// <c>theta_i = s_j (W z_j)_i + b_i</c> is linear in its chunks' scales, and so no set is written out.
/// </para>
/// <para>Source: shyamsn97/hyper-nn (TorchLinearHyperNetwork, TorchDynamicHyperNetwork), after Ha, Dai, Le, ICLR 2017 (arXiv 1609.09106).</para>
/// </remarks>
public sealed class ScaledChunkEmission : Emission, IStoredLayer<ScaledChunkEmission>
{
    // A tensor over more chunks is written out: as a factor it would be mostly zeros.
    private const int MostFactors = 4;

    static ScaledChunkEmission() => LayerTypes.Register<ScaledChunkEmission>();

    /// <summary>Makes embeddings, N(0, 1), and the layer that all chunks share, with PyTorch's first values.</summary>
    /// <param name="manifest">What is generated.</param>
    /// <param name="embeddings">N, the number of embeddings and chunks.</param>
    /// <param name="embedding">The length of an embedding.</param>
    /// <param name="chunkSize">S, the values of a chunk; null for as few as suffice, ceil(P / N).</param>
    /// <param name="random">Where draws come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or the chunks are too few or too small for the weights.</exception>
    public ScaledChunkEmission(TargetManifest manifest, int embeddings, int embedding, int? chunkSize = null, RandomStream? random = null)
        : base(manifest, embeddings, hasBase: false)
    {
        int size = chunkSize ?? (int)(((long)manifest.Count + embeddings - 1) / embeddings);
        if (embedding < 1 || size < 1 || (long)embeddings * size < manifest.Count)
        {
            throw new ArgumentException(
                $"ScaledChunkEmission: embeddings of at least 1 number and chunks for {manifest.Count} weights are needed; got {embeddings} embeddings of {embedding} numbers "
                + $"and chunks of {size}, which make {(long)embeddings * size} weights.");
        }
        ChunkSize = size;
        Embeddings = AddParameter("embeddings", [embeddings, embedding], Initializer.Normal(), random, ParameterRole.Table);
        Output = Add("output", new Linear(embedding, size, random: random));
    }

    /// <summary>S: the values of a chunk.</summary>
    public int ChunkSize { get; }

    /// <summary>The embeddings z, <c>[N, length]</c>.</summary>
    public Parameter Embeddings { get; }

    /// <summary>From an embedding to the values of a chunk.</summary>
    public Linear Output { get; }

    /// <summary>Generates whole chunks end to end, surplus included.</summary>
    /// <param name="embedding">The prepared conditions <c>[C, Z]</c>.</param>
    /// <param name="generator">The layer before the emission.</param>
    /// <returns><c>[C, N S]</c></returns>
    /// <exception cref="ArgumentException">The generator does not give N scales.</exception>
    public Tensor Chunks(Tensor embedding, TensorLayer generator) => Chunks(Scales(embedding, generator));

    /// <inheritdoc/>
    public override Tensor Flat(Tensor embedding, TensorLayer generator) => Ops.Slice(Chunks(embedding, generator), 1, 0, Manifest.Count);

    /// <inheritdoc/>
    public override void Generate(Tensor embedding, TensorLayer generator, Span<Weight> weights)
    {
        Tensor scales = Scales(embedding, generator);
        if (scales.Shape[0] == 1)
        {
            FlatWeights.Cut(Ops.Slice(Chunks(scales), 1, 0, Manifest.Count), Manifest, weights);
            return;
        }
        Tensor? written = null;
        Tensor values = Ops.Reshape(Ops.Linear(Embeddings.Value, Output.Weight), [Width * ChunkSize]);
        for (int i = 0; i < weights.Length; i++)
        {
            ManifestEntry entry = Manifest.Entries[i];
            int first = entry.Offset / ChunkSize;
            int chunks = ((entry.Offset + entry.Count - 1) / ChunkSize) - first + 1;
            if (chunks <= MostFactors)
            {
                weights[i] = Factored(entry, first, chunks, scales, values);
                continue;
            }
            written ??= Chunks(scales);
            Tensor own = Ops.Slice(written.Value, 1, entry.Offset, entry.Count);
            weights[i] = Ops.Reshape(own, FlatWeights.Stacked(scales.Shape[0], entry.Shape));
        }
    }

    /// <inheritdoc/>
    protected override string Describe() => $"ScaledChunkEmission({Width} chunks of {ChunkSize}, embedding: {Embeddings.Shape[1]})";

    static string IStoredLayer<ScaledChunkEmission>.TypeName => "ScaledChunkEmission";

    static ScaledChunkEmission IStoredLayer<ScaledChunkEmission>.Read(LayerSettings settings) =>
        new(TargetManifest.Read(settings), settings.Int("embeddings"), settings.Int("embedding"), settings.Int("chunkSize"));

    void IStoredLayer<ScaledChunkEmission>.WriteSettings(LayerSettings settings)
    {
        Manifest.Write(settings);
        settings.Set("embeddings", Width).Set("embedding", Embeddings.Shape[1]).Set("chunkSize", ChunkSize);
    }

    private Tensor Scales(Tensor embedding, TensorLayer generator)
    {
        ArgumentNullException.ThrowIfNull(generator);
        Tensor scales = generator.Forward(embedding);
        return scales.Rank == 2 && scales.Shape[1] == Width
            ? scales
            : throw new ArgumentException($"ScaledChunkEmission: the generator must give {Width} scales per weight set, [C, {Width}]; it gave {scales.Shape}.", nameof(generator));
    }

    private Tensor Chunks(Tensor scales)
    {
        (int sets, int length) = (scales.Shape[0], Embeddings.Shape[1]);
        Tensor scaled = Ops.Multiply(Ops.Reshape(scales, [sets, Width, 1]), Embeddings.Value);
        return Ops.Reshape(Output.Forward(Ops.Reshape(scaled, [sets * Width, length])), [sets, Width * ChunkSize]);
    }

    private Weight Factored(ManifestEntry entry, int first, int chunks, Tensor scales, Tensor values)
    {
        Tensor[] columns = new Tensor[chunks];
        Tensor[] bases = new Tensor[chunks];
        for (int j = 0; j < chunks; j++)
        {
            int begin = Math.Max(entry.Offset, (first + j) * ChunkSize);
            int count = Math.Min(entry.Offset + entry.Count, (first + j + 1) * ChunkSize) - begin;
            int before = begin - entry.Offset;
            Tensor own = Ops.Reshape(Ops.Slice(values, 0, begin, count), [count, 1]);
            columns[j] = chunks == 1 ? own : Ops.Pad(own, [(before, entry.Count - before - count), (0, 0)]);
            bases[j] = Ops.Slice(Output.Bias!.Value, 0, begin - ((first + j) * ChunkSize), count);
        }
        Tensor generator = chunks == 1 ? columns[0] : Ops.Concatenate(1, columns);
        Tensor bias = chunks == 1 ? bases[0] : Ops.Concatenate(0, bases);
        return Weight.Generated(Ops.Slice(scales, 1, first, chunks), generator, bias, entry.Shape);
    }
}
