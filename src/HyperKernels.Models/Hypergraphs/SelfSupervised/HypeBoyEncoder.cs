using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HypeBoy's encoder: <c>x0 = relu(W0 x + b0)</c>, then layers <c>t = (1 - a) Dv^-1/2 H Db^-1/2 De^-1 H^T x + a x0</c>, <c>x = (1 - b_k) t + b_k W_k t</c>
/// (UniGCNII) with a = 0.1, <c>b_k = log(0.5 / k + 1)</c>, ReLU after all but the last and dropout before each.
/// </summary>
/// <remarks>
/// <c>dv</c> is a node's number of hyperedges (a node without any gets <c>a x0</c> alone) and <c>db</c> the mean of its members' <c>dv</c>. Weights of the
/// graph play no part. Source: Kim and others, HypeBoy, ICLR 2024 (arXiv 2404.00638), and the authors' code; the layer is Huang, Yang, UniGNN, IJCAI 2021.
/// </remarks>
public sealed class HypeBoyEncoder : Layer, IStoredLayer<HypeBoyEncoder>
{
    private const float Alpha = 0.1f;
    private const double Lambda = 0.5;

    private readonly Linear _first;
    private readonly Linear[] _layers;
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
        _layers = new Linear[layers];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Add($"layer{i + 1}", new Linear(outFeatures, outFeatures, bias: false, random));
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
        Incidence incidence = graph.Incidence;
        Tensor degrees = SegmentCounts.AtLeastOne(SegmentCounts.Of(incidence, Toward.Nodes));
        Tensor inverseSizes = SegmentCounts.Inverse(SegmentCounts.Of(incidence, Toward.Edges));
        Tensor meanDegrees = SegmentCounts.AtLeastOne(MemberMean.Of(degrees, incidence));
        Tensor edgeScale = Ops.Multiply(inverseSizes, Ops.Rsqrt(meanDegrees));
        Tensor nodeScale = Ops.Rsqrt(degrees);
        Tensor first = _first.Forward(_dropout.Forward(nodes), Activation.Relu);
        Tensor x = first;
        for (int i = 0; i < _layers.Length; i++)
        {
            Tensor edges = Ops.NodesToEdges(_dropout.Forward(x), incidence, edgeScale: edgeScale);
            Tensor met = Ops.EdgesToNodes(edges, incidence, nodeScale: nodeScale);
            Tensor mixed = Ops.Add(Ops.MultiplyScalar(met, 1 - Alpha), Ops.MultiplyScalar(first, Alpha));
            float beta = (float)Math.Log((Lambda / (i + 1)) + 1);
            x = Ops.Add(Ops.MultiplyScalar(mixed, 1 - beta), Ops.MultiplyScalar(_layers[i].Forward(mixed), beta));
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
