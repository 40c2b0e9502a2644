using System.Text;
using HyperKernels.Models;

namespace HyperKernels.Cli.Reports;

/// <summary>The published systems as the documentation shows them: a heading and a Markdown table per kind.</summary>
internal static class SystemTable
{
    public static string Markdown(IReadOnlyList<PublishedSystem> systems)
    {
        StringBuilder text = new();
        foreach (IGrouping<SystemKind, PublishedSystem> kind in systems.GroupBy(static system => system.Kind))
        {
            text.Append($"### {Words(kind.Key)}\n\n");
            text.Append("| system | paper | what is computed | layers | reference cases | recipe |\n|---|---|---|---|---|---|\n");
            foreach (PublishedSystem system in kind)
            {
                string[] cells =
                [
                    Escape(system.Title),
                    $"{Escape(system.Paper.Authors)}, [{Escape(system.Paper.Title)}]({system.Paper.Link}), {system.Paper.Venue} {system.Paper.Year}",
                    $"`{Escape(system.Equation)}` ({Escape(system.Source)})",
                    string.Join(", ", system.Layers.Select(static layer => $"`{layer.Name}`")),
                    string.Join(", ", system.Cases.Select(static name => $"`{name}`")),
                    system.Recipe is null ? "" : $"`{system.Recipe}`",
                ];
                text.Append($"| {string.Join(" | ", cells)} |\n");
            }
            text.Append('\n');
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The hypernetworks on the five axes of the review, as the README shows them.</summary>
    public static string Taxonomy(IReadOnlyList<PublishedSystem> systems)
    {
        StringBuilder text = new();
        text.Append("| system | input | output | input, weights | architecture | class | cases |\n|---|---|---|---|---|---|---|\n");
        foreach (PublishedSystem system in systems)
        {
            if (system.Design is { } design)
            {
                string[] cells =
                [
                    $"[{Escape(system.Title)}]({system.Paper.Link})",
                    Lower(design.Input),
                    Lower(design.Output),
                    $"{Variability(design.DynamicInput)}, {Variability(design.DynamicWeights)}",
                    Lower(design.Architecture).Replace("mlp", "MLP", StringComparison.Ordinal).Replace("cnn", "CNN", StringComparison.Ordinal)
                        .Replace("rnn", "RNN", StringComparison.Ordinal),
                    $"`{system.Layers[0].Name}`",
                    string.Join(", ", system.Cases.Select(static name => $"`{name}`")),
                ];
                text.Append($"| {string.Join(" | ", cells)} |\n");
            }
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The hypergraph systems in the survey's order, as the README shows them.</summary>
    public static string HypergraphTaxonomy(IReadOnlyList<PublishedSystem> systems)
    {
        StringBuilder text = new();
        text.Append("| system | features | structure | messages | aggregation | targets | training | class | cases |\n|---|---|---|---|---|---|---|---|---|\n");
        foreach (PublishedSystem system in systems)
        {
            if (system.HypergraphDesign is { } design)
            {
                string[] cells =
                [
                    $"[{Escape(system.Title)}]({system.Paper.Link})",
                    Lower(design.Features),
                    Lower(design.Structure),
                    Lower(design.Messages).Replace("edge", "edge-", StringComparison.Ordinal),
                    Lower(design.Aggregation),
                    Lower(design.Targets),
                    Lower(design.Training),
                    $"`{system.Layers[0].Name}`",
                    string.Join(", ", system.Cases.Select(static name => $"`{name}`")),
                ];
                text.Append($"| {string.Join(" | ", cells)} |\n");
            }
        }
        return text.ToString().TrimEnd('\n');
    }

    /// <summary>The systems that no review orders, as the README shows them: a row per kind.</summary>
    public static string Others(IReadOnlyList<PublishedSystem> systems)
    {
        StringBuilder text = new();
        text.Append("| about | systems |\n|---|---|\n");
        foreach (IGrouping<SystemKind, PublishedSystem> kind in systems
            .Where(static system => system.Design is null && system.HypergraphDesign is null).GroupBy(static system => system.Kind))
        {
            IEnumerable<string> names = kind.Select(static system => $"[{Escape(system.Title)}]({system.Paper.Link}) `{system.Layers[0].Name}`");
            text.Append($"| {Words(kind.Key)} | {string.Join("; ", names)} |\n");
        }
        return text.ToString().TrimEnd('\n');
    }

    private static string Lower<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static string Variability(bool dynamic) => dynamic ? "dynamic" : "static";

    private static string Words(SystemKind kind) => kind == SystemKind.WeightSpace ? "Weight space" : kind.ToString();

    // A bar would end the cell.
    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
