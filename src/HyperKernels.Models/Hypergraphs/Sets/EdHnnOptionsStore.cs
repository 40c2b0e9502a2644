using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How files hold <see cref="EdHnnOptions"/>.</summary>
internal static class EdHnnOptionsStore
{
    public static EdHnnOptions Read(LayerSettings settings) => new()
    {
        Kind = settings.Choice<EdHnnKind>("kind"),
        Layers = settings.Int("layers"),
        Mlp1Layers = settings.Int("mlp1Layers"),
        Mlp2Layers = settings.Int("mlp2Layers"),
        Mlp3Layers = settings.Int("mlp3Layers"),
        Aggregation = settings.Choice<SetAggregation>("aggregation"),
        Alpha = settings.Number("alpha"),
        Beta = settings.Number("beta"),
        Normalization = settings.Choice<SetNormalization>("normalization"),
        InputNorm = settings.Flag("inputNorm"),
        // Files before there was a choice do not hold it.
        InitialNorm = settings.Has("initialNorm") && settings.Flag("initialNorm"),
        Activation = settings.Activation(),
        Dropout = settings.Number("dropout"),
        InputDropout = settings.Number("inputDropout"),
        ClassifierLayers = settings.Int("classifierLayers"),
        ClassifierFeatures = settings.Int("classifierFeatures"),
    };

    public static void Write(EdHnnOptions options, LayerSettings settings) => settings
        .Set("kind", options.Kind)
        .Set("layers", options.Layers)
        .Set("mlp1Layers", options.Mlp1Layers)
        .Set("mlp2Layers", options.Mlp2Layers)
        .Set("mlp3Layers", options.Mlp3Layers)
        .Set("aggregation", options.Aggregation)
        .Set("alpha", options.Alpha)
        .Set("beta", options.Beta)
        .Set("normalization", options.Normalization)
        .Set("inputNorm", options.InputNorm)
        .Set("initialNorm", options.InitialNorm)
        .SetActivation(options.Activation)
        .Set("dropout", options.Dropout)
        .Set("inputDropout", options.InputDropout)
        .Set("classifierLayers", options.ClassifierLayers)
        .Set("classifierFeatures", options.ClassifierFeatures);
}
