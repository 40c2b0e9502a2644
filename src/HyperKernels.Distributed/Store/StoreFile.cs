namespace HyperKernels.Distributed;

/// <summary>One file of a stored hypergraph: a safetensors file of one tensor.</summary>
/// <param name="Name">The tensor's name; the file's is this and <c>.safetensors</c>.</param>
/// <param name="Type">As safetensors spells it.</param>
internal sealed record StoreFile(string Name, string Type)
{
    /// <summary>Where the members of each hyperedge begin, <c>[E + 1]</c>.</summary>
    public static readonly StoreFile EdgeOffsets = new("edges.offsets", "I64");

    /// <summary>The members of each hyperedge, <c>[M]</c>.</summary>
    public static readonly StoreFile EdgeNodes = new("edges.nodes", "I32");

    /// <summary>Where the memberships of each node begin, <c>[N + 1]</c>.</summary>
    public static readonly StoreFile NodeOffsets = new("nodes.offsets", "I64");

    /// <summary>The hyperedges of each node, <c>[M]</c>.</summary>
    public static readonly StoreFile NodeEdges = new("nodes.edges", "I32");

    /// <summary>For each of them its place among the members of all hyperedges, <c>[M]</c>.</summary>
    public static readonly StoreFile NodeMemberships = new("nodes.memberships", "I64");

    /// <summary>A row for each node, <c>[N, F]</c>.</summary>
    public static readonly StoreFile Features = new("features", "F32");

    /// <summary>A class for each node, <c>[N]</c>; below 0 for none.</summary>
    public static readonly StoreFile Labels = new("labels", "I32");

    /// <summary>All that there may be.</summary>
    public static readonly IReadOnlyList<StoreFile> All = [EdgeOffsets, EdgeNodes, NodeOffsets, NodeEdges, NodeMemberships, Features, Labels];

    /// <summary>The name in the folder.</summary>
    public string FileName => $"{Name}.safetensors";
}
