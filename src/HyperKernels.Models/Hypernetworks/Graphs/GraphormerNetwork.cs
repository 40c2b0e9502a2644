using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Graphormer layers one behind another as an encoder of graphs: the first makes biases from distances, the others use them again.</summary>
/// <remarks>Source: Knyazev, Hwang, Lacoste-Julien, ICML 2023 (arXiv 2303.04143); also the encoder of LoGAH (arXiv 2405.16287).</remarks>
public sealed class GraphormerNetwork : GraphEncoder, IStoredLayer<GraphormerNetwork>
{
    private readonly GraphormerLayer[] _layers;

    static GraphormerNetwork() => LayerTypes.Register<GraphormerNetwork>();

    /// <summary>Makes the layers.</summary>
    /// <param name="features">The numbers per node; the heads divide it.</param>
    /// <param name="layers">The number of layers.</param>
    /// <param name="heads">The number of heads of each.</param>
    /// <param name="cutoff">Longer ways count as none.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1, or heads do not divide features.</exception>
    public GraphormerNetwork(int features, int layers = 3, int heads = 8, int cutoff = 50, RandomStream? random = null)
        : base(features)
    {
        if (layers < 1 || cutoff < 1)
        {
            throw new ArgumentException($"GraphormerNetwork: layers and cutoff must be at least 1; got {layers} and {cutoff}.");
        }
        Cutoff = cutoff;
        _layers = new GraphormerLayer[Throw.IfNoLength("GraphormerNetwork", layers)];
        for (int i = 0; i < layers; i++)
        {
            GraphormerTables? tables = i == 0 ? new GraphormerTables(features, heads, random: random) : null;
            _layers[i] = Add($"{i}", new GraphormerLayer(features, heads, tables, random: random));
        }
    }

    /// <summary>The layers in order.</summary>
    public IReadOnlyList<GraphormerLayer> Layers => _layers;

    /// <summary>The longest way that counts.</summary>
    public int Cutoff { get; }

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, ArchitectureBatch graphs)
    {
        Check(nodes, graphs);
        int[] distances = graphs.Distances(Cutoff);
        Tensor? mask = null;
        if (graphs.NodeCount < graphs.Graphs.Count * graphs.LargestGraph)
        {
            Tensor places = graphs.Mask(nodes.Device);
            (int count, int largest) = (graphs.Graphs.Count, graphs.LargestGraph);
            mask = Ops.Multiply(Ops.Reshape(places, [count, largest, 1]), Ops.Reshape(places, [count, 1, largest]));
        }
        Tensor x = graphs.Pad(nodes);
        Tensor? biases = null;
        foreach (GraphormerLayer layer in _layers)
        {
            (x, biases) = layer.Forward(x, layer.HasTables ? distances : null, mask, biases);
        }
        return graphs.Unpad(x);
    }

    /// <inheritdoc/>
    protected override string Describe() => $"GraphormerNetwork({Features}, {_layers.Length} layers, heads: {_layers[0].Heads})";

    static string IStoredLayer<GraphormerNetwork>.TypeName => "GraphormerNetwork";

    static GraphormerNetwork IStoredLayer<GraphormerNetwork>.Read(LayerSettings settings) => new(
        settings.Int("features"), settings.Int("layers"), settings.Int("heads"), settings.Int("cutoff"));

    void IStoredLayer<GraphormerNetwork>.WriteSettings(LayerSettings settings) => settings
        .Set("features", Features).Set("layers", _layers.Length).Set("heads", _layers[0].Heads).Set("cutoff", Cutoff);
}
