using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Options that the cases of set networks share, from the authors' words for them.</summary>
internal static class SetCases
{
    public static SetAggregation Aggregation(ReferenceCase source, SetAggregation otherwise) => source.Text("aggregate", "") switch
    {
        "" => otherwise,
        "add" or "sum" => SetAggregation.Sum,
        "mean" => SetAggregation.Mean,
        string other => throw Unknown(source, "aggregate", other, "add, sum or mean"),
    };

    public static SetNormalization Normalization(ReferenceCase source) => source.Text("normalization", "ln") switch
    {
        "ln" => SetNormalization.Layer,
        "bn" => SetNormalization.Batch,
        "None" or "none" => SetNormalization.None,
        string other => throw Unknown(source, "normalization", other, "ln, bn or None"),
    };

    public static InvalidDataException Unknown(ReferenceCase source, string option, string value, string known) =>
        new($"{source.Path}: config \"{option}\" must be {known}; it is \"{value}\".");
}
