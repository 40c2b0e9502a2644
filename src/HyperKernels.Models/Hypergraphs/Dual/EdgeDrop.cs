using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// HyperDrop: scores edges, <c>s = tanh(conv(Z))</c> with a <see cref="HypergraphAttentionConv"/>, and keeps the <c>ceil(keepRatio * edges)</c> best of each graph, each with
/// weight <c>clamp(s, 0, 1)</c>. No node is dropped.
/// </summary>
/// <remarks>Scores are read back from the device: which edges are left is structure. Gradients flow through the weights. Source as for <see cref="DualTransform"/>.</remarks>
public sealed class EdgeDrop : Layer, IStoredLayer<EdgeDrop>
{
    private readonly HypergraphAttentionConv _score;

    static EdgeDrop() => LayerTypes.Register<EdgeDrop>();

    /// <summary>Makes the layer.</summary>
    /// <param name="features">Features of an edge.</param>
    /// <param name="keepRatio">The share of edges that is kept, in (0, 1]; 0.8 is the authors' choice.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">features is less than 1, or keepRatio is not in (0, 1].</exception>
    public EdgeDrop(int features, double keepRatio = 0.8, RandomStream? random = null)
    {
        if (!(keepRatio > 0 && keepRatio <= 1))
        {
            throw new ArgumentException($"EdgeDrop: keepRatio must be above 0 and at most 1; got {keepRatio}.", nameof(keepRatio));
        }
        KeepRatio = keepRatio;
        _score = Add("score", DualTransform.Conv(features, 1, random));
    }

    /// <summary>The share of edges that is kept.</summary>
    public double KeepRatio { get; }

    /// <summary>Drops edges.</summary>
    /// <param name="edges"><c>[E, features]</c>.</param>
    /// <param name="kept">Those that are left so far: <see cref="KeptEdges.All"/> at first.</param>
    /// <returns>Those that are left now.</returns>
    /// <exception cref="ArgumentException">A shape differs.</exception>
    public KeptEdges Forward(Tensor edges, KeptEdges kept)
    {
        ArgumentNullException.ThrowIfNull(kept);
        Tensor scores = Ops.Tanh(_score.Forward(edges, kept.Dual));
        return kept.Largest(Ops.Reshape(scores, kept.Graph.EdgeCount), KeepRatio);
    }

    /// <inheritdoc/>
    protected override string Describe() => FormattableString.Invariant($"EdgeDrop({_score.InFeatures}, keepRatio: {KeepRatio})");

    static string IStoredLayer<EdgeDrop>.TypeName => "EdgeDrop";

    static EdgeDrop IStoredLayer<EdgeDrop>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Double("keepRatio"));

    void IStoredLayer<EdgeDrop>.WriteSettings(LayerSettings settings) => settings.Set("features", _score.InFeatures).Set("keepRatio", KeepRatio);
}
