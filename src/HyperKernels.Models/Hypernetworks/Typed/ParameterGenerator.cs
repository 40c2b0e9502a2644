using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Generates linear layers from descriptions: <c>W_t = reshape(MLP(t), [in, out])</c> and <c>b_t = MLP'(t)</c> for every row t, by perceptrons with two hidden layers of
/// half the description's width (ReLU). One that was never seen gets weights without training.
/// </summary>
/// <remarks>Source: Tang and others, HiGPT, KDD 2024 (arXiv 2402.16024), and the authors' code, HKUDS/HiGPT (ParameterGenerator).</remarks>
public sealed class ParameterGenerator : Layer, IStoredLayer<ParameterGenerator>
{
    private readonly Mlp _weights;
    private readonly Mlp _biases;

    static ParameterGenerator() => LayerTypes.Register<ParameterGenerator>();

    /// <summary>Makes the generator.</summary>
    /// <param name="textFeatures">The size of a description, 2 or more.</param>
    /// <param name="inFeatures">The inputs of the layers that are generated.</param>
    /// <param name="outFeatures">Their outputs.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or a description less than 2.</exception>
    public ParameterGenerator(int textFeatures, int inFeatures, int outFeatures, RandomStream? random = null)
    {
        if (textFeatures < 2 || inFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException(
                $"ParameterGenerator: textFeatures must be at least 2, inFeatures and outFeatures at least 1; got {textFeatures}, {inFeatures} and {outFeatures}.");
        }
        (InFeatures, OutFeatures) = (inFeatures, outFeatures);
        int hidden = textFeatures / 2;
        _weights = Add("weight_generator", new Mlp([textFeatures, hidden, hidden, inFeatures * outFeatures], random: random));
        _biases = Add("bias_generator", new Mlp([textFeatures, hidden, hidden, outFeatures], random: random));
    }

    /// <summary>The inputs of the layers that are generated.</summary>
    public int InFeatures { get; }

    /// <summary>The outputs of the layers that are generated.</summary>
    public int OutFeatures { get; }

    /// <summary>Generates one layer per description.</summary>
    /// <param name="texts">Descriptions, <c>[T, textFeatures]</c>: embeddings of sentences.</param>
    /// <returns>Weights <c>[T, outFeatures, inFeatures]</c> and biases <c>[T, outFeatures]</c>, as <see cref="Ops.LinearGrouped"/> takes them.</returns>
    /// <exception cref="ArgumentException">The descriptions have another size.</exception>
    public (Tensor Weight, Tensor Bias) Generate(Tensor texts) =>
        (Ops.Transpose(Ops.Reshape(_weights.Forward(texts), texts.Shape[0], InFeatures, OutFeatures)), _biases.Forward(texts));

    static string IStoredLayer<ParameterGenerator>.TypeName => "ParameterGenerator";

    static ParameterGenerator IStoredLayer<ParameterGenerator>.Read(LayerSettings settings) =>
        new(settings.Int("textFeatures"), settings.Int("inFeatures"), settings.Int("outFeatures"));

    void IStoredLayer<ParameterGenerator>.WriteSettings(LayerSettings settings) =>
        settings.Set("textFeatures", _weights.Layers[0].InFeatures).Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures);

    /// <inheritdoc/>
    protected override string Describe() => $"ParameterGenerator({InFeatures}, {OutFeatures})";
}
