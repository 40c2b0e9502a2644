namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>The part that some nodes make up: every hyperedge keeps those of its members that are among them.</summary>
    /// <param name="nodes">Nodes, each once; node i of the part is <c>nodes[i]</c>.</param>
    /// <param name="wholeEdges">True keeps only hyperedges all of whose members are among the nodes.</param>
    /// <returns>Hyperedges that are left without members, or had none, are dropped; the others keep their order.</returns>
    /// <exception cref="ArgumentException">A node is out of range or comes twice.</exception>
    public SubHypergraph SubgraphOfNodes(ReadOnlySpan<int> nodes, bool wholeEdges = false)
    {
        bool[] chosen = Chosen("SubgraphOfNodes", "node", nodes, NodeCount);
        List<int> edges = [];
        for (int edge = 0; edge < EdgeCount; edge++)
        {
            (int members, int kept) = (0, 0);
            foreach (int member in Incidence.MembersOf(edge))
            {
                members++;
                kept += chosen[member] ? 1 : 0;
            }
            if (kept > 0 && (!wholeEdges || kept == members))
            {
                edges.Add(edge);
            }
        }
        return new SubHypergraph(this, nodes.ToArray(), [.. edges], nodes.Length);
    }

    /// <summary>The part that some hyperedges make up, with all of their members.</summary>
    /// <param name="edges">Hyperedges, each once; hyperedge i of the part is <c>edges[i]</c>.</param>
    /// <param name="allNodes">True keeps all nodes, under their numbers; false those in one of the hyperedges, in their order.</param>
    /// <exception cref="ArgumentException">A hyperedge is out of range or comes twice.</exception>
    public SubHypergraph SubgraphOfEdges(ReadOnlySpan<int> edges, bool allNodes = false)
    {
        Chosen("SubgraphOfEdges", "hyperedge", edges, EdgeCount);
        bool[] met = new bool[NodeCount];
        met.AsSpan().Fill(allNodes);
        foreach (int edge in edges)
        {
            foreach (int member in Incidence.MembersOf(edge))
            {
                met[member] = true;
            }
        }
        int[] nodes = [.. Enumerable.Range(0, NodeCount).Where(node => met[node])];
        return new SubHypergraph(this, nodes, edges.ToArray(), nodes.Length);
    }

    /// <summary>The part around some nodes that a number of convolutions sees: the hyperedges of every node nearer than <paramref name="hops"/>, whole.</summary>
    /// <param name="seeds">Nodes, each once; they are the first nodes of the part, and those of one hop come before those of the next.</param>
    /// <param name="hops">How far: two nodes of one hyperedge are one hop apart. 0 keeps the seeds alone.</param>
    /// <exception cref="ArgumentException">A seed is out of range or comes twice, or hops is negative.</exception>
    /// <remarks>
    /// The outermost nodes have hyperedges outside of the part, so that their degrees are smaller in it: K layers that scale by degrees give the seeds the rows that
    /// the whole would give if the part has K + 1 hops; layers that take sums or means inside hyperedges and degrees of their target alone need K.
    /// Takes time in proportion to the part.
    /// </remarks>
    public SubHypergraph Neighbourhood(ReadOnlySpan<int> seeds, int hops)
    {
        if (hops < 0)
        {
            Throw.Argument($"Neighbourhood: the number of hops must not be negative; got {hops}.");
        }
        List<int> nodes = [];
        HashSet<int> metNodes = [];
        foreach (int seed in seeds)
        {
            CheckId("Neighbourhood", "node", seed, NodeCount, metNodes.Add(seed));
            nodes.Add(seed);
        }
        List<int> edges = [];
        HashSet<int> metEdges = [];
        int front = 0;
        for (int hop = 0; hop < hops; hop++)
        {
            for (int end = nodes.Count; front < end; front++)
            {
                foreach (int edge in Incidence.EdgesOf(nodes[front]))
                {
                    if (!metEdges.Add(edge))
                    {
                        continue;
                    }
                    edges.Add(edge);
                    foreach (int member in Incidence.MembersOf(edge))
                    {
                        if (metNodes.Add(member))
                        {
                            nodes.Add(member);
                        }
                    }
                }
            }
        }
        return new SubHypergraph(this, [.. nodes], [.. edges], seeds.Length);
    }

    /// <summary>Which nodes hang together.</summary>
    /// <remarks>Takes time nearly linear in nodes and memberships.</remarks>
    public HypergraphComponents Components() => new(Incidence);

    /// <summary>Counts of the structure.</summary>
    /// <remarks>Takes time nearly linear in nodes, hyperedges and memberships. Weights do not count.</remarks>
    public HypergraphStatistics Statistics() => new(this);

    internal static void CheckId(string name, string what, int id, int count, bool isFirst)
    {
        if ((uint)id >= (uint)count)
        {
            Throw.Argument($"{name}: {what} ids must be from 0 to below {count}; got {id}.");
        }
        if (!isFirst)
        {
            Throw.Argument($"{name}: every {what} may be given once; {id} comes again.");
        }
    }

    private static bool[] Chosen(string name, string what, ReadOnlySpan<int> ids, int count)
    {
        bool[] chosen = new bool[count];
        foreach (int id in ids)
        {
            CheckId(name, what, id, count, (uint)id >= (uint)count || !chosen[id]);
            chosen[id] = true;
        }
        return chosen;
    }
}
