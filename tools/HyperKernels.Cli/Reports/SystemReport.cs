using HyperKernels.Models;

namespace HyperKernels.Cli.Reports;

/// <summary>A published system, as <c>systems</c> tells it.</summary>
internal sealed record SystemReport(
    string Name,
    string Title,
    string Kind,
    PaperReport Paper,
    string Equation,
    string Source,
    IReadOnlyList<string> Layers,
    DesignReport? Design,
    HypergraphDesignReport? HypergraphDesign,
    IReadOnlyList<string> Cases,
    string? Recipe)
{
    public static SystemReport Of(PublishedSystem system) => new(
        system.Name,
        system.Title,
        system.Kind.ToString(),
        new PaperReport(system.Paper.Authors, system.Paper.Title, system.Paper.Venue, system.Paper.Year, system.Paper.Citation, system.Paper.Link),
        system.Equation,
        system.Source,
        [.. system.Layers.Select(static layer => layer.Name)],
        system.Design is { } d ? new DesignReport(d.Input.ToString(), d.Output.ToString(), d.Architecture.ToString(), d.DynamicInput, d.DynamicWeights) : null,
        system.HypergraphDesign is { } g
            ? new HypergraphDesignReport(
                g.Features.ToString(), g.Structure.ToString(), g.Messages.ToString(), g.Aggregation.ToString(), g.Targets.ToString(), g.Training.ToString())
            : null,
        system.Cases,
        system.Recipe);
}

/// <summary>Where a system was published.</summary>
internal sealed record PaperReport(string Authors, string Title, string Venue, int Year, string Citation, string Link);

/// <summary>Where a hypernetwork stands in the taxonomy.</summary>
internal sealed record DesignReport(string Input, string Output, string Architecture, bool DynamicInput, bool DynamicWeights);

/// <summary>Where a hypergraph system stands in the survey's order.</summary>
internal sealed record HypergraphDesignReport(string Features, string Structure, string Messages, string Aggregation, string Targets, string Training);
