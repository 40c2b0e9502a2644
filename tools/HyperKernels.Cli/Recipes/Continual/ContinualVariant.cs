using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>The ways of generating weights, as recipes call them.</summary>
internal static class ContinualVariant
{
    /// <summary>What stands behind the recipe's name.</summary>
    public static string Suffix(TaskEmission emission) => emission switch
    {
        TaskEmission.Full => "-full",
        TaskEmission.RecurrentChunks or TaskEmission.RecurrentHeads => "-recurrent",
        _ => "",
    };

    /// <summary>The column of published figures, which are of chunks.</summary>
    public static string PublishedName(TaskEmission emission) => emission == TaskEmission.Chunks ? "published" : "published, chunks";

    /// <summary>What the recipe's description says.</summary>
    public static string Words(TaskEmission emission) => emission switch
    {
        TaskEmission.Full => "by a hypernetwork that makes all weights at once",
        TaskEmission.RecurrentChunks or TaskEmission.RecurrentHeads => "by a recurrent hypernetwork",
        _ => "by a chunked hypernetwork",
    };
}
