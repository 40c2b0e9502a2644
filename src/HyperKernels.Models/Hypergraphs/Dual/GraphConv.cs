using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Graph convolution with weighted edges: <c>x_v' = d_v^-1/2 (sum over edges u to v of w d_u^-1/2 W x_u + d_v^-1/2 W x_v) + b</c>, d being 1 plus the weights of
/// the edges that lead to a node.
/// </summary>
/// <remarks>Differentiable in the edge weights, through the degrees too. Source: Kipf, Welling, ICLR 2017 (arXiv 1609.02907), eq. 8.</remarks>
public sealed class GraphConv : Layer, IStoredLayer<GraphConv>
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;

    static GraphConv() => LayerTypes.Register<GraphConv>();

    /// <summary>Makes the layer: Xavier-uniform, bias 0.</summary>
    /// <param name="inFeatures">Features of a node.</param>
    /// <param name="outFeatures">Features of a node afterwards.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A size is less than 1.</exception>
    public GraphConv(int inFeatures, int outFeatures, RandomStream? random = null)
    {
        if (inFeatures < 1 || outFeatures < 1)
        {
            throw new ArgumentException($"GraphConv: inFeatures and outFeatures must be at least 1; got {inFeatures} and {outFeatures}.");
        }
        _weight = AddParameter("weight", [outFeatures, inFeatures], Initializer.XavierUniform(), random);
        _bias = AddParameter("bias", [outFeatures], Initializer.Zeros, random, ParameterRole.Bias, _weight);
    }

    /// <summary>Features of a node.</summary>
    public int InFeatures => _weight.Shape[1];

    /// <summary>Features of a node afterwards.</summary>
    public int OutFeatures => _weight.Shape[0];

    /// <summary>Computes the convolution.</summary>
    /// <param name="nodes"><c>[N, inFeatures]</c>.</param>
    /// <param name="graph">N nodes, E edges.</param>
    /// <param name="edgeWeights">w, at least 0, <c>[E]</c>; ones if null.</param>
    /// <returns><c>[N, outFeatures]</c>.</returns>
    /// <exception cref="ArgumentException">A shape differs, or the devices do.</exception>
    public Tensor Forward(Tensor nodes, EdgeGraph graph, Tensor? edgeWeights = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Device device = graph.Adjacency.Device;
        Tensor weights = edgeWeights is { } given
            ? Ops.Concatenate(0, given, Tensor.Ones([graph.NodeCount], device))
            : Tensor.Ones([graph.EdgeCount + graph.NodeCount], device);
        Tensor scale = Ops.Rsqrt(Ops.SegmentSum(weights, graph.Adjacency, Toward.Edges));
        return Ops.Add(Ops.NodesToEdges(Ops.Linear(nodes, _weight), graph.Adjacency, weights, scale, scale), _bias.Value);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GraphConv({InFeatures}, {OutFeatures})";

    static string IStoredLayer<GraphConv>.TypeName => "GraphConv";

    static GraphConv IStoredLayer<GraphConv>.Read(LayerSettings settings) => new(settings.Int("inFeatures"), settings.Int("outFeatures"));

    void IStoredLayer<GraphConv>.WriteSettings(LayerSettings settings) => settings.Set("inFeatures", InFeatures).Set("outFeatures", OutFeatures);
}
