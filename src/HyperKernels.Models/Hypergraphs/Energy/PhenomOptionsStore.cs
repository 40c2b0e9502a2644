using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How files hold <see cref="PhenomOptions"/>.</summary>
internal static class PhenomOptionsStore
{
    public static PhenomOptions Read(LayerSettings settings) => new()
    {
        Lambda0 = settings.Number("lambda0"),
        Lambda1 = settings.Number("lambda1"),
        Alpha = settings.Number("alpha"),
        Steps = settings.Int("steps"),
        Compatibility = settings.Flag("compatibility"),
        Dropout = settings.Number("dropout"),
    };

    public static void Write(PhenomOptions options, LayerSettings settings) => settings
        .Set("lambda0", options.Lambda0)
        .Set("lambda1", options.Lambda1)
        .Set("alpha", options.Alpha)
        .Set("steps", options.Steps)
        .Set("compatibility", options.Compatibility)
        .Set("dropout", options.Dropout);
}
