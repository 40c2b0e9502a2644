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

    private static string Words(SystemKind kind) => kind == SystemKind.WeightSpace ? "Weight space" : kind.ToString();

    // A bar would end the cell.
    private static string Escape(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
