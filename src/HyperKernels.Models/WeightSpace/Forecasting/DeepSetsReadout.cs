using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A vector from a set of rows: <c>sigmoid(MLP(mean relu(L z)))</c>, the mean over a graph's edges, <c>MLP = L relu L</c>. The order of the rows changes nothing.
/// </summary>
/// <remarks>Source: NVlabs/Forecasting-Model-Search, <c>graph_pooling.py</c>; after Zaheer and others, Deep Sets, NIPS 2017.</remarks>
public sealed class DeepSetsReadout : Layer, IStoredLayer<DeepSetsReadout>
{
    private readonly Linear _before;
    private readonly Mlp _after;

    static DeepSetsReadout() => LayerTypes.Register<DeepSetsReadout>();

    /// <summary>Makes the layers with PyTorch's first values.</summary>
    /// <param name="features">The numbers per row.</param>
    /// <param name="outFeatures">The numbers per graph.</param>
    /// <param name="random">Where first values come from; null means <see cref="Initializer.Random"/>.</param>
    /// <exception cref="ArgumentException">A number is less than 1.</exception>
    public DeepSetsReadout(int features, int outFeatures, RandomStream? random = null)
    {
        _before = Add("before", new Linear(features, features, random: random));
        _after = Add("after", new Mlp([features, features, outFeatures], random: random));
    }

    /// <summary>The numbers per graph.</summary>
    public int OutFeatures => _after.Layers[^1].OutFeatures;

    /// <summary>Reads rows.</summary>
    /// <param name="rows">A row per edge, <c>[E, features]</c>.</param>
    /// <param name="byGraph">The graph of each: <see cref="NetworkGraphBatch.EdgesByGraph"/>.</param>
    /// <returns>Shares between 0 and 1, <c>[G, out features]</c>.</returns>
    /// <exception cref="ArgumentException">A shape does not fit.</exception>
    public Tensor Forward(Tensor rows, Incidence byGraph) =>
        Ops.Sigmoid(_after.Forward(Ops.SegmentMean(_before.Forward(rows, Activation.Relu), byGraph, Toward.Edges)));

    /// <inheritdoc/>
    protected override string Describe() => $"DeepSetsReadout({_before.InFeatures}, {OutFeatures})";

    static string IStoredLayer<DeepSetsReadout>.TypeName => "DeepSetsReadout";

    static DeepSetsReadout IStoredLayer<DeepSetsReadout>.Read(LayerSettings settings) => new(settings.Int("features"), settings.Int("outFeatures"));

    void IStoredLayer<DeepSetsReadout>.WriteSettings(LayerSettings settings) => settings.Set("features", _before.InFeatures).Set("outFeatures", OutFeatures);
}
