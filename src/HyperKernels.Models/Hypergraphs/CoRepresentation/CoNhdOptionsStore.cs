using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>How files hold <see cref="CoNhdOptions"/>.</summary>
internal static class CoNhdOptionsStore
{
    public static CoNhdOptions Read(LayerSettings settings) => new()
    {
        Operator = settings.Choice<MembershipOperator>("operator"),
        Solver = settings.Choice<CoNhdSolver>("solver"),
        Layers = settings.Int("layers"),
        SharedWeights = settings.Flag("sharedWeights"),
        OperatorDepth = settings.Int("operatorDepth"),
        Heads = settings.Int("heads"),
        InducingRows = settings.Int("inducingRows"),
        Encodings = settings.Int("encodings"),
        LayerNorm = settings.Flag("layerNorm"),
        Dropout = settings.Number("dropout"),
        InputDropout = settings.Number("inputDropout"),
    };

    public static void Write(CoNhdOptions options, LayerSettings settings) => settings
        .Set("operator", options.Operator)
        .Set("solver", options.Solver)
        .Set("layers", options.Layers)
        .Set("sharedWeights", options.SharedWeights)
        .Set("operatorDepth", options.OperatorDepth)
        .Set("heads", options.Heads)
        .Set("inducingRows", options.InducingRows)
        .Set("encodings", options.Encodings)
        .Set("layerNorm", options.LayerNorm)
        .Set("dropout", options.Dropout)
        .Set("inputDropout", options.InputDropout);
}
