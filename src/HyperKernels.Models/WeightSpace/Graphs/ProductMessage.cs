using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Messages that are products, <c>m = silu(L2 x)_d silu(L1 x)_s e</c> from every source s to its target d, of which a node takes <c>L [mean; std; max; min]</c>, and
/// <c>e' = silu(L3 x)_s silu(L4 x)_d e</c>; <c>x</c> is the layer norm of nodes. The same weights serve both ways: from what is computed to what is read, with the edges as
/// they are, then along the computation, with the second half of their numbers negated. Both are added to nodes and edges.
/// </summary>
/// <remarks>
/// The deviation is <c>sqrt(mean m^2 - (mean m)^2)</c> where that variance is above 1e-5, else 0; nodes without edges get zeros. The norm has no gain and no
/// bias. Source: the MetaPruning
/// authors' code, Yewei-Liu/MetaPruning.
/// </remarks>
public sealed class ProductMessage : GraphMessageLayer, IStoredLayer<ProductMessage>
{
    private const float SmallestVariance = 1e-5f;

    private readonly Linear _fromSource;
    private readonly Linear _fromTarget;
    private readonly Linear _edgeSource;
    private readonly Linear _edgeTarget;
    private readonly Linear _down;

    static ProductMessage() => LayerTypes.Register<ProductMessage>();

    /// <summary>Makes the layer with PyTorch's first values.</summary>
    /// <param name="features">The numbers per node and edge.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public ProductMessage(int features, RandomStream? random = null)
        : base(features)
    {
        _fromSource = Add("lin1", new Linear(features, features, random: random));
        _fromTarget = Add("lin2", new Linear(features, features, random: random));
        _edgeSource = Add("lin3", new Linear(features, features, random: random));
        _edgeTarget = Add("lin4", new Linear(features, features, random: random));
        _down = Add("downlin", new Linear(4 * features, features, random: random));
    }

    /// <inheritdoc/>
    public override (Tensor Nodes, Tensor Edges) Forward(Tensor nodes, Tensor edges, Incidence links)
    {
        Check(nodes, edges, links);
        Tensor x = Ops.LayerNorm(nodes, 1);
        // What nodes say does not depend on the edge: it is computed once per node, for both ways.
        Tensor[] said = [.. new[] { _fromSource, _fromTarget, _edgeSource, _edgeTarget }.Select(layer => layer.Forward(x, Activation.Silu))];
        Tensor signs = Tensor.From(Signs(Features), [Features], nodes.Device);
        (Tensor up, Tensor edgesUp) = Pass(said, edges, links, Toward.Nodes);
        (Tensor down, Tensor edgesDown) = Pass(said, Ops.Multiply(edges, signs), links, Toward.Edges);
        return (Ops.Add(nodes, Ops.Add(up, down)), Ops.Add(edges, Ops.Add(edgesUp, Ops.Multiply(edgesDown, signs))));
    }

    private (Tensor Nodes, Tensor Edges) Pass(Tensor[] said, Tensor edges, Incidence links, Toward toward)
    {
        Tensor AtSource(Tensor x) => toward == Toward.Nodes ? Ops.EdgesToMemberships(x, links) : Ops.NodesToMemberships(x, links);
        Tensor AtTarget(Tensor x) => toward == Toward.Nodes ? Ops.NodesToMemberships(x, links) : Ops.EdgesToMemberships(x, links);
        Tensor messages = Ops.Multiply(Ops.Multiply(AtTarget(said[1]), AtSource(said[0])), edges);
        Tensor mean = Ops.SegmentMean(messages, links, toward);
        Tensor variance = Ops.Subtract(Ops.SegmentMean(Ops.Square(messages), links, toward), Ops.Square(mean));
        Tensor all = Ops.Concatenate(
            1, mean, Deviation(variance), Ops.SegmentMax(messages, links, toward), Ops.SegmentMin(messages, links, toward));
        return (_down.Forward(all), Ops.Multiply(Ops.Multiply(AtSource(said[2]), AtTarget(said[3])), edges));
    }

    private static Tensor Deviation(Tensor variance)
    {
        Tensor above = Ops.Step(Ops.AddScalar(variance, -SmallestVariance));
        return Ops.Where(above, Ops.Sqrt(Ops.Clamp(variance, SmallestVariance, float.MaxValue)), Tensor.Zeros([], variance.Device));
    }

    private static float[] Signs(int features)
    {
        float[] signs = new float[features];
        Array.Fill(signs, -1);
        signs.AsSpan(0, features / 2).Fill(1);
        return signs;
    }

    /// <inheritdoc/>
    protected override string Describe() => $"ProductMessage({Features})";

    static string IStoredLayer<ProductMessage>.TypeName => "ProductMessage";

    static ProductMessage IStoredLayer<ProductMessage>.Read(LayerSettings settings) => new(settings.Int("features"));

    void IStoredLayer<ProductMessage>.WriteSettings(LayerSettings settings) => settings.Set("features", Features);
}
