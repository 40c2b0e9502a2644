using System.CommandLine;
using HyperKernels.Cli.Reports;
using HyperKernels.Models;

namespace HyperKernels.Cli.Commands;

/// <summary><c>systems</c>: the published systems, with paper, layers, reference cases and recipe.</summary>
internal static class SystemsCommand
{
    private static readonly Option<bool> s_markdown = new("--markdown") { Description = "Print the table of docs/systems.md." };

    private static readonly Option<bool> s_taxonomy = new("--taxonomy")
    {
        Description = "Print the tables of README.md: hypernetworks on the five axes of the review, hypergraph systems in the order of the survey, and the others.",
    };

    public static Command Create()
    {
        Command command = new("systems", "List the published systems: paper, layers, reference cases and the recipe that trains them.") { s_markdown, s_taxonomy };
        command.SetAction(static parsed => Run(new Terminal(parsed), parsed.GetValue(s_markdown), parsed.GetValue(s_taxonomy)));
        return command;
    }

    private static int Run(Terminal terminal, bool markdown, bool taxonomy)
    {
        IReadOnlyList<SystemReport> reports = [.. PublishedSystems.All.Select(SystemReport.Of)];
        if (terminal.Json)
        {
            Terminal.Document(reports, ReportJson.Plain.IReadOnlyListSystemReport);
        }
        else if (taxonomy)
        {
            IReadOnlyList<PublishedSystem> all = PublishedSystems.All;
            terminal.Line(string.Join("\n\n", SystemTable.Taxonomy(all), SystemTable.Others(all), SystemTable.HypergraphTaxonomy(all)));
        }
        else if (markdown)
        {
            terminal.Line(SystemTable.Markdown(PublishedSystems.All));
        }
        else
        {
            terminal.Table(["system", "title", "paper", "layers", "reference cases", "recipe"],
                [.. reports.Select(static r => (string[])
                [
                    r.Name,
                    r.Title,
                    r.Paper.Citation,
                    string.Join(", ", r.Layers),
                    string.Join(", ", r.Cases),
                    r.Recipe ?? "",
                ])]);
            terminal.Line($"{reports.Count} systems; `verify --reference DIR` runs their reference cases, `train RECIPE` a recipe");
        }
        return ExitCode.Ok;
    }
}
