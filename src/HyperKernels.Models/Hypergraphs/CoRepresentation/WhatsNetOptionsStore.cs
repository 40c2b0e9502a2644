using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How files hold <see cref="WhatsNetOptions"/>.</summary>
internal static class WhatsNetOptionsStore
{
    public static WhatsNetOptions Read(LayerSettings settings) => new()
    {
        Layers = settings.Int("layers"),
        Operator = settings.Choice<MembershipOperator>("operator"),
        OperatorDepth = settings.Int("operatorDepth"),
        ReadoutDepth = settings.Int("readoutDepth"),
        Heads = settings.Int("heads"),
        InducingRows = settings.Int("inducingRows"),
        Encodings = settings.Int("encodings"),
        LayerNorm = settings.Flag("layerNorm"),
        Dropout = settings.Number("dropout"),
    };

    public static void Write(WhatsNetOptions options, LayerSettings settings) => settings
        .Set("layers", options.Layers)
        .Set("operator", options.Operator)
        .Set("operatorDepth", options.OperatorDepth)
        .Set("readoutDepth", options.ReadoutDepth)
        .Set("heads", options.Heads)
        .Set("inducingRows", options.InducingRows)
        .Set("encodings", options.Encodings)
        .Set("layerNorm", options.LayerNorm)
        .Set("dropout", options.Dropout);
}
