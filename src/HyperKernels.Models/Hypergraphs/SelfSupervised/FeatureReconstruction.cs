using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HypeBoy's first stage: features of some nodes are replaced by a learned vector, the encoder sees the rest, the embeddings of those nodes are replaced
/// by another learned vector, and a decoder has to tell their features: <c>L = mean over them of 1 - cos(x, decoder(z))</c>.
/// </summary>
/// <remarks>Source: Kim and others, HypeBoy, ICLR 2024 (arXiv 2404.00638), section 4, and the authors' code.</remarks>
public sealed class FeatureReconstruction : Layer, IStoredLayer<FeatureReconstruction>
{
    // Of PyTorch's CosineSimilarity as the authors call it.
    private const float Epsilon = 1e-6f;

    private readonly HypeBoyEncoder _decoder;
    private readonly Parameter _inputMask;
    private readonly Parameter _embeddingMask;
    private readonly int _layers;
    private readonly float _dropout;

    static FeatureReconstruction() => LayerTypes.Register<FeatureReconstruction>();

    /// <summary>Makes the decoder, an encoder the other way round, and the two vectors, zeros at first.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="hiddenFeatures">Features of an embedding.</param>
    /// <param name="layers">How many layers of the decoder pass messages.</param>
    /// <param name="dropout">The share of values before every layer that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public FeatureReconstruction(int inFeatures, int hiddenFeatures, int layers = 2, float dropout = 0.5f, RandomStream? random = null)
    {
        _decoder = Add("decoder", new HypeBoyEncoder(hiddenFeatures, inFeatures, layers, dropout, random));
        _inputMask = AddParameter("input_mask", [inFeatures], Initializer.Zeros);
        _embeddingMask = AddParameter("embedding_mask", [hiddenFeatures], Initializer.Zeros);
        (_layers, _dropout) = (layers, dropout);
    }

    /// <summary>Computes the loss.</summary>
    /// <param name="encoder">What is to learn.</param>
    /// <param name="nodes">Features, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">What encoder and decoder see: the hypergraph, or a part of it (<see cref="HypergraphAugmentation"/>).</param>
    /// <param name="masked">1 for nodes to reconstruct, 0 for others, <c>[N]</c>.</param>
    /// <returns>A scalar; zero if no node is masked.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Loss(HypeBoyEncoder encoder, Tensor nodes, Hypergraph graph, Tensor masked)
    {
        ArgumentNullException.ThrowIfNull(encoder);
        if (masked.Rank != 1 || nodes.Rank != 2 || masked.Shape[0] != nodes.Shape[0])
        {
            throw new ArgumentException($"FeatureReconstruction: nodes must be [N, F] and masked [N]; got {nodes.Shape} and {masked.Shape}.");
        }
        Tensor column = Ops.Reshape(masked, [masked.Shape[0], 1]);
        Tensor embedding = encoder.Forward(Ops.Where(column, _inputMask.Value, nodes), graph);
        Tensor decoded = _decoder.Forward(Ops.Where(column, _embeddingMask.Value, embedding), graph);
        Tensor cosine = Ops.Sum(Ops.Multiply(Ops.L2Normalize(nodes, epsilon: Epsilon), Ops.L2Normalize(decoded, epsilon: Epsilon)), [1]);
        Tensor count = Ops.Clamp(Ops.Sum(masked), 1, float.MaxValue);
        return Ops.Divide(Ops.Sum(Ops.Multiply(masked, Ops.AddScalar(Ops.Neg(cosine), 1))), count);
    }

    static string IStoredLayer<FeatureReconstruction>.TypeName => "FeatureReconstruction";

    static FeatureReconstruction IStoredLayer<FeatureReconstruction>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("hiddenFeatures"), settings.Int("layers"), settings.Number("dropout"));

    void IStoredLayer<FeatureReconstruction>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", _decoder.OutFeatures).Set("hiddenFeatures", _decoder.InFeatures).Set("layers", _layers).Set("dropout", _dropout);
}
