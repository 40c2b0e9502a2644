using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How files hold <see cref="AllSetOptions"/>.</summary>
internal static class AllSetOptionsStore
{
    public static AllSetOptions Read(LayerSettings settings) => new()
    {
        Attention = settings.Flag("attention"),
        Layers = settings.Int("layers"),
        MlpLayers = settings.Int("mlpLayers"),
        Heads = settings.Int("heads"),
        Aggregation = settings.Choice<SetAggregation>("aggregation"),
        Weights = settings.Choice<IncidenceWeights>("weights"),
        Normalization = settings.Choice<SetNormalization>("normalization"),
        InputNorm = settings.Flag("inputNorm"),
        Dropout = settings.Number("dropout"),
        InputDropout = settings.Number("inputDropout"),
        ClassifierLayers = settings.Int("classifierLayers"),
        ClassifierFeatures = settings.Int("classifierFeatures"),
        MixLayers = settings.Flag("mixLayers"),
    };

    public static void Write(AllSetOptions options, LayerSettings settings) => settings
        .Set("attention", options.Attention)
        .Set("layers", options.Layers)
        .Set("mlpLayers", options.MlpLayers)
        .Set("heads", options.Heads)
        .Set("aggregation", options.Aggregation)
        .Set("weights", options.Weights)
        .Set("normalization", options.Normalization)
        .Set("inputNorm", options.InputNorm)
        .Set("dropout", options.Dropout)
        .Set("inputDropout", options.InputDropout)
        .Set("classifierLayers", options.ClassifierLayers)
        .Set("classifierFeatures", options.ClassifierFeatures)
        .Set("mixLayers", options.MixLayers);
}
