namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>Joins the members of every hyperedge pairwise: <c>a_uv = sum over e of s_e h_ue h_ve</c> for u other than v, and s_e by the rule.</summary>
    /// <param name="weights">How much a hyperedge adds to each of its pairs; its size |e| is its number of memberships.</param>
    /// <returns>One edge for each pair of nodes that share a hyperedge.</returns>
    /// <exception cref="ArgumentException">There are more pairs than a list holds.</exception>
    /// <remarks>
    /// A node twice in a hyperedge counts twice. Takes time in proportion to the sum of the squared sizes, which one large hyperedge decides
    /// (<see cref="HypergraphStatistics.CliqueCost"/>); products in two hops take the memberships alone. The weights have no gradient.
    /// </remarks>
    public WeightedGraph CliqueProjection(CliqueWeights weights = CliqueWeights.Count)
    {
        float[]? membershipWeights = MembershipWeights?.ToArray();
        float[]? edgeWeights = EdgeWeights?.ToArray();
        float[] shares = new float[EdgeCount];
        for (int edge = 0; edge < shares.Length; edge++)
        {
            int size = Incidence.MembersOf(edge).Length;
            int divisor = weights switch { CliqueWeights.PerMember => size, CliqueWeights.PerOther => size - 1, _ => 1 };
            // A hyperedge of one member has no pairs, and none to divide among.
            shares[edge] = divisor <= 0 ? 0 : (edgeWeights?[edge] ?? 1) / divisor;
        }
        SegmentIndex byNode = Incidence.Index(Toward.Nodes), byEdge = Incidence.Index(Toward.Edges);
        float WeightAt(SegmentIndex index, int slot) => membershipWeights?[index.PairAt(slot)] ?? 1;

        WeightedRows rows = new(NodeCount, Incidence.Device);
        for (int node = 0; node < NodeCount; node++)
        {
            int slot = byNode.Start(node);
            foreach (int edge in byNode.Others(node))
            {
                float share = shares[edge] * WeightAt(byNode, slot++);
                int memberSlot = byEdge.Start(edge);
                foreach (int member in byEdge.Others(edge))
                {
                    float weight = share * WeightAt(byEdge, memberSlot++);
                    if (member != node)
                    {
                        rows.Add(member, weight);
                    }
                }
            }
            rows.EndRow();
        }
        return rows.ToGraph();
    }

    /// <summary>The line graph: the hyperedges are its nodes, and those that share a node are joined, with how often they do as weight.</summary>
    /// <returns>E nodes; the clique projection of the <see cref="Dual"/>.</returns>
    /// <exception cref="ArgumentException">There are more pairs than a list holds.</exception>
    /// <remarks>Weights of memberships count as in <see cref="CliqueProjection"/>. Takes time in proportion to the sum of the squared node degrees.</remarks>
    public WeightedGraph LineGraph()
    {
        using Hypergraph dual = Dual();
        return dual.CliqueProjection();
    }

    /// <summary>The star projection: a node for each node, then one for each hyperedge, and an edge for each membership with its weight.</summary>
    /// <returns>N + E nodes; repeated memberships become one edge, whose weight is their sum.</returns>
    /// <exception cref="ArgumentException">There are more nodes or pairs than a list holds.</exception>
    /// <remarks>Weights of hyperedges stay behind. The weights have no gradient.</remarks>
    public WeightedGraph StarProjection()
    {
        float[]? weights = MembershipWeights?.ToArray();
        Incidence.CheckMemberships((long)NodeCount + EdgeCount);
        WeightedRows rows = new(NodeCount + EdgeCount, Incidence.Device);
        foreach ((Toward toward, int count, int first) in ((Toward, int, int)[])[(Toward.Nodes, NodeCount, NodeCount), (Toward.Edges, EdgeCount, 0)])
        {
            SegmentIndex index = Incidence.Index(toward);
            for (int segment = 0; segment < count; segment++)
            {
                int slot = index.Start(segment);
                foreach (int other in index.Others(segment))
                {
                    rows.Add(first + other, weights?[index.PairAt(slot)] ?? 1);
                    slot++;
                }
                rows.EndRow();
            }
        }
        return rows.ToGraph();
    }
}
