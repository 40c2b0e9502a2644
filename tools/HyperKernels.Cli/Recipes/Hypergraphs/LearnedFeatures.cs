using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network and the features of all nodes that it reads, which are learned with it.</summary>
internal sealed class LearnedFeatures : Layer, IStoredLayer<LearnedFeatures>
{
    static LearnedFeatures() => LayerTypes.Register<LearnedFeatures>();

    /// <param name="start">What the features of all nodes are at first, <c>[N, C]</c>.</param>
    /// <param name="net">What reads rows of them.</param>
    public LearnedFeatures(Tensor start, Layer net)
        : this(new Embedding(start.Shape[0], start.Shape[1], new RandomStream(0)), net) => Table.Weight.Load(start.ToArray());

    private LearnedFeatures(Embedding table, Layer net)
    {
        Table = Add("features", table);
        Net = Add("net", net);
    }

    /// <summary>The features, <c>[N, C]</c>.</summary>
    public Embedding Table { get; }

    public Layer Net { get; }

    static string IStoredLayer<LearnedFeatures>.TypeName => "LearnedFeatures";

    static LearnedFeatures IStoredLayer<LearnedFeatures>.Read(LayerSettings settings) => new(settings.Layer<Embedding>("features"), settings.Layer<Layer>("net"));

    void IStoredLayer<LearnedFeatures>.WriteSettings(LayerSettings settings) => settings.SetLayer("features", Table).SetLayer("net", Net);
}
