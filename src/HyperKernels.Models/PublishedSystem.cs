namespace HyperKernels.Models;

/// <summary>
/// A published system that this library computes, described once: the documentation's table, <c>hyperkernels systems</c>, reference cases and
/// the tests that hold them together are made from it.
/// </summary>
public sealed record PublishedSystem
{
    /// <summary>Its short name, in lower case: <c>hgnn</c>.</summary>
    public required string Name { get; init; }

    /// <summary>Its name in words: <c>Hypergraph neural network (HGNN)</c>.</summary>
    public required string Title { get; init; }

    /// <summary>What it is about.</summary>
    public required SystemKind Kind { get; init; }

    /// <summary>Where it was published.</summary>
    public required Paper Paper { get; init; }

    /// <summary>The equation that is implemented, in plain text.</summary>
    public required string Equation { get; init; }

    /// <summary>Where the equation stands: its number, a section, or the authors' code where that is what was followed.</summary>
    public required string Source { get; init; }

    /// <summary>The classes that compute it.</summary>
    public required IReadOnlyList<Type> Layers { get; init; }

    /// <summary>Where it stands in the taxonomy of hypernetworks; null for systems of other kinds.</summary>
    public HypernetworkDesign? Design { get; init; }

    /// <summary>Where it stands in the order of hypergraph systems; null for systems of other kinds.</summary>
    public HypergraphDesign? HypergraphDesign { get; init; }

    /// <summary>What reference cases of it name as their system; empty if there are none.</summary>
    public IReadOnlyList<string> Cases { get; init; } = [];

    /// <summary>The recipe of the command line that trains it, or null.</summary>
    public string? Recipe { get; init; }
}
