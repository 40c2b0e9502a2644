using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An autoencoder of weight chunks with a codebook in the middle: a chunk of S values becomes T codes and back, <c>decode([codes; condition])</c>.
/// </summary>
/// <remarks>
/// Encoder and decoder have a hidden layer of SiLUs each, where the authors have convolutions over the chunk as an image. Source: Soro and others,
/// Instruction-Guided Autoregressive Neural Network Parameter Generation, arXiv 2504.02012, section 3, and the authors' code, sorobedio/igpg.
/// </remarks>
public sealed class WeightCodec : Layer, IStoredLayer<WeightCodec>
{
    private readonly Sequential _encoder;
    private readonly Sequential _decoder;

    static WeightCodec() => LayerTypes.Register<WeightCodec>();

    /// <summary>Makes the autoencoder.</summary>
    /// <param name="chunkSize">S, the values of a chunk.</param>
    /// <param name="tokens">T, the codes of a chunk.</param>
    /// <param name="hiddenFeatures">The width of the hidden layers.</param>
    /// <param name="conditionFeatures">Further numbers that the decoder reads: what the chunk is of.</param>
    /// <param name="quantizer">The codebook.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is below 1, or conditionFeatures negative.</exception>
    public WeightCodec(int chunkSize, int tokens, int hiddenFeatures, int conditionFeatures, VectorQuantizer quantizer, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(quantizer);
        if (Math.Min(Math.Min(chunkSize, tokens), hiddenFeatures) < 1 || conditionFeatures < 0)
        {
            throw new ArgumentException(
                "WeightCodec: chunkSize, tokens and hiddenFeatures must be at least 1, conditionFeatures at least 0; "
                + $"got {chunkSize}, {tokens}, {hiddenFeatures} and {conditionFeatures}.");
        }
        ChunkSize = chunkSize;
        Tokens = tokens;
        HiddenFeatures = hiddenFeatures;
        ConditionFeatures = conditionFeatures;
        int latent = tokens * quantizer.Codebook.Shape[1];
        _encoder = Add("encoder", new Sequential(new Linear(chunkSize, hiddenFeatures, random: random), new Silu(), new Linear(hiddenFeatures, latent, random: random)));
        Quantizer = Add("quantize", quantizer);
        _decoder = Add("decoder", new Sequential(
            new Linear(latent + conditionFeatures, hiddenFeatures, random: random), new Silu(), new Linear(hiddenFeatures, chunkSize, random: random)));
    }

    /// <summary>S: the values of a chunk.</summary>
    public int ChunkSize { get; }

    /// <summary>T: the codes of a chunk.</summary>
    public int Tokens { get; }

    /// <summary>The width of the hidden layers.</summary>
    public int HiddenFeatures { get; }

    /// <summary>Further numbers that the decoder reads.</summary>
    public int ConditionFeatures { get; }

    /// <summary>The codebook.</summary>
    public VectorQuantizer Quantizer { get; }

    /// <summary>Encodes chunks and decodes them again.</summary>
    /// <param name="chunks"><c>[N, S]</c></param>
    /// <param name="condition"><c>[N, conditionFeatures]</c>; not read if there are none.</param>
    /// <returns>The chunks as they come back <c>[N, S]</c>, their codes, integers <c>[N, T]</c>, and the codebook's loss, a scalar.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public (Tensor Chunks, Tensor Codes, Tensor Loss) Forward(Tensor chunks, Tensor condition)
    {
        if (chunks.Rank != 2 || chunks.Shape[1] != ChunkSize)
        {
            throw new ArgumentException($"WeightCodec: chunks must be [N, {ChunkSize}]; got {chunks.Shape}.", nameof(chunks));
        }
        int count = chunks.Shape[0];
        int size = Quantizer.Codebook.Shape[1];
        (Tensor quantised, Tensor codes, Tensor loss) = Quantizer.Forward(Ops.Reshape(_encoder.Forward(chunks), [count * Tokens, size]));
        return (Decoded(Ops.Reshape(quantised, [count, Tokens * size]), condition), Ops.Reshape(codes, [count, Tokens]), loss);
    }

    /// <summary>Makes chunks of codes.</summary>
    /// <param name="codes">Integers <c>[N, T]</c>.</param>
    /// <param name="condition"><c>[N, conditionFeatures]</c>; not read if there are none.</param>
    /// <returns><c>[N, S]</c></returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public Tensor Decode(Tensor codes, Tensor condition)
    {
        if (codes.Rank != 2 || codes.Shape[1] != Tokens)
        {
            throw new ArgumentException($"WeightCodec: codes must be [N, {Tokens}]; got {codes.Shape}.", nameof(codes));
        }
        return Decoded(Ops.Reshape(Quantizer.Lookup(codes), [codes.Shape[0], Tokens * Quantizer.Codebook.Shape[1]]), condition);
    }

    private Tensor Decoded(Tensor latent, Tensor condition) => _decoder.Forward(ConditionFeatures == 0 ? latent : Ops.Concatenate(1, latent, condition));

    static string IStoredLayer<WeightCodec>.TypeName => "WeightCodec";

    static WeightCodec IStoredLayer<WeightCodec>.Read(LayerSettings settings) => new(
        settings.Int("chunkSize"), settings.Int("tokens"), settings.Int("hiddenFeatures"), settings.Int("conditionFeatures"), settings.Layer<VectorQuantizer>("quantizer"));

    void IStoredLayer<WeightCodec>.WriteSettings(LayerSettings settings) => settings
        .Set("chunkSize", ChunkSize).Set("tokens", Tokens).Set("hiddenFeatures", HiddenFeatures).Set("conditionFeatures", ConditionFeatures)
        .SetLayer("quantizer", Quantizer);

    /// <inheritdoc/>
    protected override string Describe() => $"WeightCodec({ChunkSize} values in {Tokens} codes, hiddenFeatures: {HiddenFeatures})";
}
