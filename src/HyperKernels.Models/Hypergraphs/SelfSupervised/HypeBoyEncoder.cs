using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HypeBoy's encoder: <c>x0 = relu(W0 x + b0)</c>, then layers of UniGCNII (<see cref="UniGcnIIConv"/>) with <c>alpha = 0.1</c> and <c>beta_k = log(0.5 / k + 1)</c>,
/// ReLU after all but the last and dropout before each.
/// </summary>
/// <remarks>
/// Unlike <see cref="UniGcnII"/> it has no layer of classes, and none of its options. Source: Kim and others, HypeBoy, ICLR 2024 (arXiv 2404.00638), and the
/// authors' code.
/// </remarks>
public sealed class HypeBoyEncoder : Layer, IStoredLayer<HypeBoyEncoder>
{
    private readonly Linear _first;
    private readonly UniGcnIIConv[] _layers;
    private readonly Dropout _dropout;

    static HypeBoyEncoder() => LayerTypes.Register<HypeBoyEncoder>();

    /// <summary>Makes the encoder with PyTorch's first values of linear layers.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node in all layers and afterwards.</param>
    /// <param name="layers">How many layers pass messages.</param>
    /// <param name="dropout">The share of values before every layer that training sets to zero.</param>
    /// <param name="random">Draws first values, then what is dropped; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1, or dropout is not in [0, 1].</exception>
    public HypeBoyEncoder(int inFeatures, int outFeatures, int layers = 2, float dropout = 0.5f, RandomStream? random = null)
    {
        if (layers < 1)
        {
            throw new ArgumentException($"HypeBoyEncoder: layers must be at least 1; got {layers}.");
        }
        _first = Add("linear", new Linear(inFeatures, outFeatures, random: random));
        _layers = new UniGcnIIConv[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Add($"layer{i + 1}", new UniGcnIIConv(outFeatures, beta: (float)Math.Log((0.5 / (i + 1)) + 1), alpha: 0.1f, random: random));
        }
        _dropout = Add("dropout", new Dropout(dropout, random));
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _first.InFeatures;

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures => _first.OutFeatures;

    /// <summary>Computes embeddings.</summary>
    /// <param name="nodes">One row per node, <c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes.</param>
    /// <returns><c>[N, outFeatures]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node or not the encoder's features.</exception>
    public Tensor Forward(Tensor nodes, Hypergraph graph)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Tensor edgeScale = UniMessages.EdgeScale(graph);
        Tensor first = _first.Forward(_dropout.Forward(nodes), Activation.Relu);
        Tensor x = first;
        for (int i = 0; i < _layers.Length; i++)
        {
            x = _layers[i].Forward(_dropout.Forward(x), first, graph, edgeScale);
            x = i < _layers.Length - 1 ? Ops.Relu(x) : x;
        }
        return x;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"HypeBoyEncoder({InFeatures}, {OutFeatures}, {_layers.Length})";

    static string IStoredLayer<HypeBoyEncoder>.TypeName => "HypeBoyEncoder";

    static HypeBoyEncoder IStoredLayer<HypeBoyEncoder>.Read(LayerSettings settings) =>
        new(settings.Int("inFeatures"), settings.Int("outFeatures"), settings.Int("layers"), settings.Number("dropout"));

    void IStoredLayer<HypeBoyEncoder>.WriteSettings(LayerSettings settings) => settings
        .Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures).Set("layers", _layers.Length).Set("dropout", _dropout.Probability);
}
