using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Messages from linear layers: <c>e = relu(L [x_s; x_d; z])</c>, <c>m_d</c> the mean of <c>relu(L [x_s; e])</c> over the edges that enter d, and the changes
/// <c>L silu(relu(L [x; m]))</c> of nodes and <c>L silu(e)</c> of edges, which are added; x and z are layer norms of nodes and edges. A last layer changes
/// edges alone, and reads nodes
/// without a norm.
/// </summary>
/// <remarks>Source: the code of Forecasting Model Search, NVlabs/Forecasting-Model-Search (<c>empnn_dit</c>). A product of what stands side by side is computed
/// part by part, once per node where it can be.</remarks>
public sealed class MlpMessage : GraphMessageLayer, IStoredLayer<MlpMessage>
{
    private readonly LayerNorm? _nodeNorm;
    private readonly LayerNorm _edgeNorm;
    private readonly Linear _edge;
    private readonly Linear? _message;
    private readonly Linear? _node;
    private readonly Linear? _nodeChange;
    private readonly Linear _edgeChange;

    static MlpMessage() => LayerTypes.Register<MlpMessage>();

    /// <summary>Makes the layer with PyTorch's first values.</summary>
    /// <param name="features">The numbers per node and edge.</param>
    /// <param name="last">Whether it changes edges alone.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">There are none.</exception>
    public MlpMessage(int features, bool last = false, RandomStream? random = null)
        : base(features)
    {
        _edge = Add("edge", new Linear(3 * features, features, random: random));
        _edgeNorm = Add("edge_norm", new LayerNorm(features));
        _edgeChange = Add("edge_change", new Linear(features, features, random: random));
        if (!last)
        {
            _message = Add("message", new Linear(2 * features, features, random: random));
            _node = Add("node", new Linear(2 * features, features, random: random));
            _nodeNorm = Add("node_norm", new LayerNorm(features));
            _nodeChange = Add("node_change", new Linear(features, features, random: random));
        }
    }

    /// <summary>Whether it changes edges alone.</summary>
    public bool IsLast => _node is null;

    /// <inheritdoc/>
    public override (Tensor Nodes, Tensor Edges) Forward(Tensor nodes, Tensor edges, Incidence links)
    {
        Check(nodes, edges, links);
        Tensor x = _nodeNorm?.Forward(nodes) ?? nodes;
        Tensor ends = Ops.Add(Ops.NodesToMemberships(Part(_edge, 0, x), links), Ops.EdgesToMemberships(Part(_edge, 1, x), links));
        Tensor said = Ops.Relu(Ops.Add(ends, Part(_edge, 2, _edgeNorm.Forward(edges))));
        Tensor edgesOut = Ops.Add(edges, _edgeChange.Forward(Ops.Silu(said)));
        if (_message is null || _node is null || _nodeChange is null)
        {
            return (nodes, edgesOut);
        }
        Tensor heard = Ops.Relu(Ops.Add(Ops.NodesToMemberships(Part(_message, 0, x), links), Part(_message, 1, said)));
        Tensor mean = Ops.SegmentMean(heard, links, Toward.Edges);
        Tensor change = _nodeChange.Forward(Ops.Silu(_node.Forward(Ops.Concatenate(1, x, mean), Activation.Relu)));
        return (Ops.Add(nodes, change), edgesOut);
    }

    // What a part of the input adds to a layer's output; the layer's bias comes with the last part.
    private Tensor Part(Linear layer, int part, Tensor x)
    {
        bool last = (part + 1) * Features == layer.InFeatures;
        return Ops.Linear(x, Ops.Slice(layer.Weight.Value, 1, part * Features, Features), last ? layer.Bias?.Value : null);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"MlpMessage({Features}{(IsLast ? ", last" : "")})";

    static string IStoredLayer<MlpMessage>.TypeName => "MlpMessage";

    static MlpMessage IStoredLayer<MlpMessage>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Flag("last"));

    void IStoredLayer<MlpMessage>.WriteSettings(LayerSettings settings) => settings.Set("features", Features).Set("last", IsLast);
}
