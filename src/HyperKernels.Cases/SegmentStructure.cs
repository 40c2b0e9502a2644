using System.Runtime.CompilerServices;

namespace HyperKernels.Cases;

/// <summary>Pairs of nodes and hyperedges that a case works on, with the incidence of each device it ran on.</summary>
public sealed class SegmentStructure
{
    private readonly ConditionalWeakTable<Device, Incidence> _onDevice = [];
    private readonly ConditionalWeakTable<Device, Hypergraph> _graphs = [];

    /// <summary>Makes a structure of given pairs.</summary>
    public SegmentStructure(string name, int nodes, int edges, int[] nodeIds, int[] edgeIds)
    {
        Name = name;
        Nodes = nodes;
        Edges = edges;
        NodeIds = nodeIds;
        EdgeIds = edgeIds;
    }

    /// <summary>What is special about it; may be empty.</summary>
    public string Name { get; }

    /// <summary>N.</summary>
    public int Nodes { get; }

    /// <summary>E.</summary>
    public int Edges { get; }

    /// <summary>M.</summary>
    public int Memberships => NodeIds.Length;

    /// <summary>The node of each pair.</summary>
    public int[] NodeIds { get; }

    /// <summary>The hyperedge of each pair.</summary>
    public int[] EdgeIds { get; }

    /// <summary>The sizes for a row's name.</summary>
    public string Sizes => $"N={Nodes} E={Edges} M={Memberships}{(Name.Length > 0 ? " " : "")}{Name}";

    /// <summary>
    /// Random pairs, so that some are likely to be given twice, in no order; the last node and the last hyperedge (and by chance others)
    /// have none where there are more than two.
    /// </summary>
    public static SegmentStructure Random(int nodes, int edges, int memberships, int seed, string name = "")
    {
        Random random = new(seed);
        int[] nodeIds = new int[memberships];
        int[] edgeIds = new int[memberships];
        for (int i = 0; i < memberships; i++)
        {
            nodeIds[i] = random.Next(nodes > 2 ? nodes - 1 : nodes);
            edgeIds[i] = random.Next(edges > 2 ? edges - 1 : edges);
        }
        return new SegmentStructure(name, nodes, edges, nodeIds, edgeIds);
    }

    /// <summary>The same pairs, hyperedge by hyperedge.</summary>
    public SegmentStructure ByEdge(string name)
    {
        int[] order = [.. Enumerable.Range(0, Memberships).OrderBy(i => EdgeIds[i])];
        return new SegmentStructure(name, Nodes, Edges, [.. order.Select(i => NodeIds[i])], [.. order.Select(i => EdgeIds[i])]);
    }

    /// <summary>The same pairs, and some members of hyperedge 0 besides: a segment that is cut into pieces.</summary>
    public SegmentStructure WithHuge(string name, int members)
    {
        int[] more = [.. Enumerable.Range(0, members)];
        return new SegmentStructure(
            name, Nodes, Edges, [.. NodeIds, .. more.Select(i => i % Nodes)], [.. EdgeIds, .. more.Select(_ => 0)]);
    }

    /// <summary>The incidence on a device, built once.</summary>
    public Incidence On(Device device) =>
        _onDevice.GetValue(device, found => Incidence.FromPairs(Nodes, Edges, NodeIds, EdgeIds, found));

    /// <summary>The hypergraph without weights on a device, built once.</summary>
    public Hypergraph GraphOn(Device device) => _graphs.GetValue(device, found => new Hypergraph(On(found)));
}
