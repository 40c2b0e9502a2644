using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A network that reads networks: linear maps of a graph's nodes and edges to hidden numbers, then rounds of messages between them. What is read off the hidden
/// numbers is the matter of who holds it: <see cref="NetworkRewriter"/> turns them into a changed network, <see cref="NetworkReader"/> into a vector.
/// </summary>
public sealed class GraphMetaNetwork : Layer, IStoredLayer<GraphMetaNetwork>
{
    private readonly Linear _nodes;
    private readonly Linear _edges;
    private readonly GraphMessageLayer[] _layers;

    static GraphMetaNetwork() => LayerTypes.Register<GraphMetaNetwork>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="nodeFeatures">The numbers per node.</param>
    /// <param name="edgeFeatures">The numbers per edge.</param>
    /// <param name="hiddenFeatures">The hidden numbers of both.</param>
    /// <param name="layers">The rounds of messages.</param>
    /// <param name="message">How nodes and edges hear of each other.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or there is no such message.</exception>
    public GraphMetaNetwork(int nodeFeatures, int edgeFeatures, int hiddenFeatures, int layers, GraphMessage message, RandomStream? random = null)
    {
        if (nodeFeatures < 1 || edgeFeatures < 1 || hiddenFeatures < 1 || layers < 1)
        {
            throw new ArgumentException(
                $"GraphMetaNetwork: features, hidden features and layers must be at least 1; got {nodeFeatures}, {edgeFeatures}, {hiddenFeatures} and {layers}.");
        }
        Message = message;
        _nodes = Add("nodes", new Linear(nodeFeatures, hiddenFeatures, random: random));
        _edges = Add("edges", new Linear(edgeFeatures, hiddenFeatures, random: random));
        _layers = new GraphMessageLayer[Throw.IfNoLength("GraphMetaNetwork", layers)];
        for (int i = 0; i < layers; i++)
        {
            _layers[i] = Add($"{i}", message switch
            {
                GraphMessage.Product => (GraphMessageLayer)new ProductMessage(hiddenFeatures, random),
                GraphMessage.Mlp => new MlpMessage(hiddenFeatures, i == layers - 1, random),
                _ => throw new ArgumentException($"GraphMetaNetwork: there is no message {message}; take Product or Mlp.", nameof(message)),
            });
        }
    }

    /// <summary>The numbers per node.</summary>
    public int NodeFeatures => _nodes.InFeatures;

    /// <summary>The numbers per edge.</summary>
    public int EdgeFeatures => _edges.InFeatures;

    /// <summary>H: the hidden numbers per node and edge.</summary>
    public int HiddenFeatures => _nodes.OutFeatures;

    /// <summary>How nodes and edges hear of each other.</summary>
    public GraphMessage Message { get; }

    /// <summary>The rounds of messages.</summary>
    public IReadOnlyList<GraphMessageLayer> Layers => _layers;

    /// <summary>Reads graphs.</summary>
    /// <param name="nodes"><c>[N, node features]</c></param>
    /// <param name="edges"><c>[E, edge features]</c></param>
    /// <param name="links">The edges, from what is read to what is computed: <see cref="NetworkGraphBatch.Links"/>.</param>
    /// <returns>Nodes <c>[N, H]</c> and edges <c>[E, H]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public (Tensor Nodes, Tensor Edges) Forward(Tensor nodes, Tensor edges, Incidence links)
    {
        (Tensor x, Tensor z) = (_nodes.Forward(nodes), _edges.Forward(edges));
        foreach (GraphMessageLayer layer in _layers)
        {
            (x, z) = layer.Forward(x, z, links);
        }
        return (x, z);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GraphMetaNetwork({NodeFeatures}, {EdgeFeatures}, {HiddenFeatures}, {Message})";

    static string IStoredLayer<GraphMetaNetwork>.TypeName => "GraphMetaNetwork";

    static GraphMetaNetwork IStoredLayer<GraphMetaNetwork>.Read(LayerSettings settings) => new(
        settings.Int("nodeFeatures"), settings.Int("edgeFeatures"), settings.Int("hiddenFeatures"), settings.Int("layers"), settings.Choice<GraphMessage>("message"));

    void IStoredLayer<GraphMetaNetwork>.WriteSettings(LayerSettings settings) => settings
        .Set("nodeFeatures", NodeFeatures).Set("edgeFeatures", EdgeFeatures).Set("hiddenFeatures", HiddenFeatures)
        .Set("layers", _layers.Length).Set("message", Message);
}
