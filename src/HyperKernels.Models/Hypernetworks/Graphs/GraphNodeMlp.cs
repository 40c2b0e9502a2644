using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// An encoder without messages: two linear layers with a ReLU behind each, for every node alone. The baseline of GHN-2's authors, which shows
/// what a graph is worth.
/// </summary>
/// <remarks>Source: Knyazev and others, NeurIPS 2021 (arXiv 2110.13100), section 4; their code, facebookresearch/ppuda.</remarks>
public sealed class GraphNodeMlp : GraphEncoder, IStoredLayer<GraphNodeMlp>
{
    private readonly Mlp _mlp;

    static GraphNodeMlp() => LayerTypes.Register<GraphNodeMlp>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers per node, hidden ones too.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is less than 1.</exception>
    public GraphNodeMlp(int features, RandomStream? random = null)
        : base(features) => _mlp = Add("mlp", new Mlp([features, features, features], random: random));

    /// <inheritdoc/>
    public override Tensor Forward(Tensor nodes, ArchitectureBatch graphs)
    {
        Check(nodes, graphs);
        return _mlp.Layers.Aggregate(nodes, (x, layer) => layer.Forward(x, _mlp.Activation));
    }

    static string IStoredLayer<GraphNodeMlp>.TypeName => "GraphNodeMlp";

    static GraphNodeMlp IStoredLayer<GraphNodeMlp>.Read(LayerSettings settings) => new(settings.Int("features"));

    void IStoredLayer<GraphNodeMlp>.WriteSettings(LayerSettings settings) => settings.Set("features", Features);
}
