using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Every layer of the library, in families.</summary>
public static class LayerCases
{
    /// <summary>The rows.</summary>
    public static IEnumerable<LayerCase> All =>
    [
        .. DenseLayerCases.All,
        .. ActivationLayerCases.All,
        .. ConvLayerCases.All,
        .. NormalizeLayerCases.All,
        .. RecurrentLayerCases.All,
        .. HypergraphLayerCases.All,
        .. HypernetworkLayerCases.All,
        .. HyperRecurrentLayerCases.All,
        .. HyperConvLayerCases.All,
    ];

    /// <summary>A row of a layer that maps one tensor to one.</summary>
    internal static LayerCase Row<TLayer>(
        string sizes, Func<RandomStream, TLayer> make, CaseInput input, Func<LayerArguments, Plain> oracle, bool sets = false, bool twice = false,
        string? notStored = null)
        where TLayer : TensorLayer =>
        Row(sizes, make, [input], (layer, x) => layer.Forward(x[0]), oracle, sets, twice, notStored);

    /// <summary>A row of any layer.</summary>
    internal static LayerCase Row<TLayer>(
        string sizes, Func<RandomStream, TLayer> make, IReadOnlyList<CaseInput> inputs, Func<TLayer, Tensor[], Tensor> run, Func<LayerArguments, Plain> oracle,
        bool sets = false, bool twice = false, string? notStored = null, Action<TLayer>? prepare = null)
        where TLayer : Layer => new()
        {
            Layer = CaseName.Of(typeof(TLayer).Name),
            Sizes = sizes,
            Make = make,
            Prepare = prepare is null ? null : layer => prepare((TLayer)layer),
            Inputs = inputs,
            Run = (layer, x) => run((TLayer)layer, x),
            Oracle = oracle,
            TakesSets = sets,
            TwiceDifferentiable = twice,
            NotStored = notStored,
        };
}
