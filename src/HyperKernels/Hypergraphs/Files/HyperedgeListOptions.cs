namespace HyperKernels.IO;

/// <summary>How a text file names nodes and hyperedges.</summary>
public sealed record HyperedgeListOptions
{
    /// <summary>Ids from 0, as many nodes as the largest id asks for.</summary>
    public static HyperedgeListOptions Default { get; } = new();

    /// <summary>The id of the first node, and in files of pairs that of the first hyperedge: 0 or 1.</summary>
    public int FirstId { get; init; }

    /// <summary>The number of nodes; null means one more than the largest id, or as many as there are names.</summary>
    public int? Nodes { get; init; }

    /// <summary>The number of hyperedges, in files of pairs; null as for nodes.</summary>
    public int? Edges { get; init; }

    /// <summary>Whether ids are words, which are numbered as they are met.</summary>
    public bool Names { get; init; }

    /// <summary>A file whose lines give a whole number for each member of the same line, as of CoNHD's data (<c>hypergraph_pos.txt</c>): classes of memberships.</summary>
    public string? MembershipLabelsPath { get; init; }

    internal void Check(string where)
    {
        if (FirstId is < 0 or > 1 || Nodes < 0 || Edges < 0)
        {
            throw new ArgumentException($"{where}: the first id is 0 or 1 and counts are not negative; got first id {FirstId}, nodes {Nodes}, hyperedges {Edges}.");
        }
    }
}
