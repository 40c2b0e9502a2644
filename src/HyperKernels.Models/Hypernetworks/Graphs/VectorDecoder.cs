using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Makes gains and biases from nodes' embeddings: an MLP gives both for C channels; the biases of class layers are a linear map of its ReLU.
/// </summary>
/// <remarks>Source: Knyazev and others, NeurIPS 2021 (arXiv 2110.13100), and their code, facebookresearch/ppuda.</remarks>
public sealed class VectorDecoder : Layer, IStoredLayer<VectorDecoder>
{
    static VectorDecoder() => LayerTypes.Register<VectorDecoder>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers F per node; the hidden layer has 2 F.</param>
    /// <param name="channels">C.</param>
    /// <param name="classes">The outputs of class layers.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public VectorDecoder(int features, int channels, int classes, RandomStream? random = null)
    {
        if (features < 1 || channels < 1 || classes < 1)
        {
            throw new ArgumentException($"VectorDecoder: all sizes must be at least 1; got features {features}, channels {channels}, classes {classes}.");
        }
        Features = features;
        Channels = channels;
        Classes = classes;
        Mlp = Add("mlp", new Mlp([features, 2 * features, 2 * channels], random: random));
        ClassBias = Add("class_bias", new Linear(channels, classes, random: random));
    }

    /// <summary>The numbers per node.</summary>
    public int Features { get; }

    /// <summary>The length of what is made.</summary>
    public int Channels { get; }

    /// <summary>The outputs of class layers.</summary>
    public int Classes { get; }

    /// <summary>Gives gains, then biases.</summary>
    public Mlp Mlp { get; }

    /// <summary>Gives the biases of class layers.</summary>
    public Linear ClassBias { get; }

    /// <summary>Makes vectors.</summary>
    /// <param name="nodes"><c>[n, F]</c>.</param>
    /// <returns>Gains and biases, <c>[n, C]</c>.</returns>
    public (Tensor Gains, Tensor Biases) Forward(Tensor nodes)
    {
        Tensor[] both = Ops.Split(Mlp.Forward(nodes), 1, Channels, Channels);
        return (both[0], both[1]);
    }

    /// <summary>Makes the biases of class layers.</summary>
    /// <param name="biases">What <see cref="Forward"/> gave, <c>[n, C]</c>.</param>
    /// <returns><c>[n, classes]</c></returns>
    public Tensor ClassBiases(Tensor biases) => ClassBias.Forward(Ops.Relu(biases));

    /// <summary>Makes all wanted vectors, in the shape and magnitude of their places.</summary>
    internal void Decode(Tensor nodes, ReadOnlySpan<WantedTensor> wanted, bool normalise, Span<Weight> weights)
    {
        (Tensor rows, int[]? rowOf) = GraphDecoder.Rows(nodes, wanted, static tensor => tensor.IsVector);
        if (rowOf is null)
        {
            return;
        }
        (Tensor gains, Tensor biases) = Forward(rows);
        (Tensor gain, Tensor bias) = normalise ? (PredictedTensors.Gain(gains), PredictedTensors.Bias(biases)) : (gains, biases);
        for (int i = 0; i < wanted.Length; i++)
        {
            if (!wanted[i].IsVector)
            {
                continue;
            }
            if (wanted[i].Kind == WantedKind.ClassBias)
            {
                Tensor classes = Ops.Reshape(ClassBiases(Ops.Slice(biases, 0, rowOf[i], 1)), [Classes]);
                weights[i] = GraphDecoder.FitVector(normalise ? PredictedTensors.Bias(classes) : classes, wanted[i]);
                continue;
            }
            Tensor source = wanted[i].Kind == WantedKind.Gain ? gain : bias;
            weights[i] = GraphDecoder.FitVector(Ops.Reshape(Ops.Slice(source, 0, rowOf[i], 1), [Channels]), wanted[i]);
        }
    }

    /// <inheritdoc/>
    protected override string Describe() => $"VectorDecoder({Features}, channels: {Channels}, classes: {Classes})";

    static string IStoredLayer<VectorDecoder>.TypeName => "VectorDecoder";

    static VectorDecoder IStoredLayer<VectorDecoder>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("channels"), settings.Int("classes"));

    void IStoredLayer<VectorDecoder>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("channels", Channels).Set("classes", Classes);
}
