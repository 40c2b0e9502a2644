using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Normalises every feature over the nodes of each graph, with a learned share of the mean taken off:
/// <c>y = weight (x - mean_scale mean(x)) / sqrt(mean((x - mean_scale mean(x))^2) + eps) + bias</c>.
/// </summary>
/// <remarks>
/// The same while it trains and afterwards; a graph without nodes has no rows. Source: Cai, Luo, Xu, He, Liu, Wang, GraphNorm, ICML 2021
/// (arXiv 2009.03294), eq. 3.
/// </remarks>
public sealed class GraphNorm : Layer, IStoredLayer<GraphNorm>
{
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly Parameter _meanScale;

    static GraphNorm() => LayerTypes.Register<GraphNorm>();

    /// <summary>Makes the layer: gain and share of the mean 1, bias 0.</summary>
    /// <param name="features">Features of a node.</param>
    /// <param name="epsilon">Added to the mean square.</param>
    /// <exception cref="ArgumentException">features is less than 1.</exception>
    public GraphNorm(int features, float epsilon = 1e-5f)
    {
        if (features < 1)
        {
            throw new ArgumentException($"GraphNorm: features must be at least 1; got {features}.", nameof(features));
        }
        Epsilon = epsilon;
        _weight = AddParameter("weight", [features], Initializer.Ones, null, ParameterRole.Gain);
        _bias = AddParameter("bias", [features], Initializer.Zeros, null, ParameterRole.Bias);
        _meanScale = AddParameter("mean_scale", [features], Initializer.Ones, null, ParameterRole.Gain);
    }

    /// <summary>What is added to the mean square.</summary>
    public float Epsilon { get; }

    /// <summary>Normalises.</summary>
    /// <param name="nodes"><c>[N, features]</c>.</param>
    /// <param name="nodesByGraph">
    /// A hyperedge for each graph, with its nodes, in which membership i is node i: <see cref="RoleHypergraph.NodesByGraph"/>.
    /// </param>
    /// <returns><c>[N, features]</c>.</returns>
    /// <exception cref="ArgumentException">nodes has not one row per node, or other features.</exception>
    public Tensor Forward(Tensor nodes, Incidence nodesByGraph)
    {
        ArgumentNullException.ThrowIfNull(nodesByGraph);
        Tensor means = Ops.Multiply(Ops.SegmentMean(nodes, nodesByGraph, Toward.Edges), _meanScale.Value);
        Tensor centred = Ops.Subtract(nodes, Ops.EdgesToMemberships(means, nodesByGraph));
        Tensor squares = Ops.SegmentMean(Ops.Square(centred), nodesByGraph, Toward.Edges);
        Tensor scales = Ops.Multiply(Ops.Rsqrt(Ops.AddScalar(squares, Epsilon)), _weight.Value);
        return Ops.Add(Ops.Multiply(centred, Ops.EdgesToMemberships(scales, nodesByGraph)), _bias.Value);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GraphNorm({_weight.Shape[0]})";

    static string IStoredLayer<GraphNorm>.TypeName => "GraphNorm";

    static GraphNorm IStoredLayer<GraphNorm>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Number("epsilon"));

    void IStoredLayer<GraphNorm>.WriteSettings(LayerSettings settings) => settings.Set("features", _weight.Shape[0]).Set("epsilon", Epsilon);
}
