using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network and the features of all nodes that it reads, which are learned with it.</summary>
internal sealed class LearnedFeatures : Layer, IStoredLayer<LearnedFeatures>
{
    static LearnedFeatures() => LayerTypes.Register<LearnedFeatures>();

    /// <param name="table">A row for each node.</param>
    /// <param name="net">What reads rows of it.</param>
    public LearnedFeatures(Embedding table, Layer net)
    {
        Table = Add("features", table);
        Net = Add("net", net);
    }

    /// <summary>The features, <c>[N, C]</c>.</summary>
    public Embedding Table { get; }

    public Layer Net { get; }

    /// <summary>Features to begin with.</summary>
    /// <param name="start">Of all nodes, <c>[N, C]</c>.</param>
    public static Embedding From(Tensor start)
    {
        Embedding table = new(start.Shape[0], start.Shape[1], new RandomStream(0));
        table.Weight.Load(start.ToArray());
        return table;
    }

    static string IStoredLayer<LearnedFeatures>.TypeName => "LearnedFeatures";

    static LearnedFeatures IStoredLayer<LearnedFeatures>.Read(LayerSettings settings) => new(settings.Layer<Embedding>("features"), settings.Layer<Layer>("net"));

    void IStoredLayer<LearnedFeatures>.WriteSettings(LayerSettings settings) => settings.SetLayer("features", Table).SetLayer("net", Net);
}
