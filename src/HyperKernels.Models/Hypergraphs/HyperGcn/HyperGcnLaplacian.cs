namespace HyperKernels.Models;

/// <summary>
/// A graph that stands for a hypergraph: in every hyperedge the two members that a projection of the signal drives furthest apart are linked, and with mediators
/// both are linked to every other member. <c>L = D^-1/2 (A + I) D^-1/2</c>, with D the row sums of A + I.
/// </summary>
/// <remarks>
/// <para>
/// A link weighs <c>w[e] / |e|</c>, with mediators <c>w[e] / (2 |e| - 3)</c>; weights of links between the same nodes add up. Among equal projections the member
/// that stands first is taken. A hyperedge whose furthest members are one node (a single member, or all projections equal) gives no link: the authors' code
/// divides by -1 there, or links the node to itself. Membership weights play no part. The choice carries no gradient, nor do edge weights.
/// </para>
/// <para>
/// Lives outside scopes until it is disposed. Source: Yadati and others, HyperGCN, NeurIPS 2019 (arXiv 1809.02589), section 3, and the authors' code,
/// malllabiisc/HyperGCN.
/// </para>
/// </remarks>
public sealed class HyperGcnLaplacian : IDisposable
{
    // Pair (u, v) takes the row of node u to row v.
    private readonly Incidence _links;
    private readonly Parameter _weights;

    private HyperGcnLaplacian(Incidence links, Parameter weights) => (_links, _weights) = (links, weights);

    /// <summary>The number of entries of L that are not zero, a pair of nodes linked by several hyperedges counted for each.</summary>
    public int EntryCount => _links.MembershipCount;

    /// <summary>Chooses the links of every hyperedge; on the host, in time linear in the memberships.</summary>
    /// <param name="signal">What is projected, <c>[N, F]</c>.</param>
    /// <param name="projection">What it is projected on, <c>[F]</c>; the authors draw it from [0, 1).</param>
    /// <param name="graph">N nodes.</param>
    /// <param name="mediators">Whether the two members are linked to the others too.</param>
    /// <exception cref="ArgumentException">signal has not one row per node, or projection not its features.</exception>
    public static HyperGcnLaplacian Of(Tensor signal, Tensor projection, Hypergraph graph, bool mediators = true)
    {
        ArgumentNullException.ThrowIfNull(graph);
        if (signal.Rank != 2 || signal.Shape[0] != graph.NodeCount || projection.Rank != 1 || projection.Shape[0] != signal.Shape[1])
        {
            throw new ArgumentException(
                $"HyperGcnLaplacian: the signal must be [{graph.NodeCount}, F] and the projection [F]; got {signal.Shape} and {projection.Shape}.");
        }
        float[] projected;
        // A plain scope: the choice is not differentiated.
        using (new MemoryScope())
        {
            projected = Ops.Matmul(signal, Ops.Reshape(projection, projection.Shape[0], 1)).ToArray();
        }
        LinkList links = new(graph.NodeCount);
        float[]? edgeWeights = graph.EdgeWeights?.ToArray();
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            Link(links, graph.Incidence.MembersOf(edge), projected, edgeWeights?[edge] ?? 1, mediators);
        }
        return links.ToLaplacian(graph.Incidence.Device);
    }

    /// <summary>Multiplies by L.</summary>
    /// <param name="nodes">One row per node, <c>[N, ...]</c>.</param>
    /// <returns><c>[N, ...]</c></returns>
    /// <exception cref="ArgumentException">nodes has not one row per node, or is on another device.</exception>
    public Tensor Apply(Tensor nodes) => Ops.NodesToEdges(nodes, _links, Ops.Detach(_weights.Value));

    /// <summary>Disposes of the links.</summary>
    public void Dispose()
    {
        _links.Dispose();
        _weights.Dispose();
    }

    private static void Link(LinkList links, ReadOnlySpan<int> members, float[] projected, float edgeWeight, bool mediators)
    {
        if (members.IsEmpty)
        {
            return;
        }
        (int highest, int lowest) = (members[0], members[0]);
        foreach (int member in members)
        {
            highest = projected[member] > projected[highest] ? member : highest;
            lowest = projected[member] < projected[lowest] ? member : lowest;
        }
        if (highest == lowest)
        {
            return;
        }
        float weight = edgeWeight / (mediators ? (2 * members.Length) - 3 : members.Length);
        links.Add(highest, lowest, weight);
        if (mediators)
        {
            foreach (int member in members)
            {
                if (member != highest && member != lowest)
                {
                    links.Add(highest, member, weight);
                    links.Add(lowest, member, weight);
                }
            }
        }
    }

    /// <summary>Entries of A + I, both triangles, with the row sums.</summary>
    private sealed class LinkList
    {
        private readonly List<int> _from;
        private readonly List<int> _to;
        private readonly List<float> _weights = [];
        private readonly double[] _degrees;

        public LinkList(int nodes)
        {
            _from = [.. Enumerable.Range(0, nodes)];
            _to = [.. _from];
            _weights.AddRange(Enumerable.Repeat(1f, nodes));
            _degrees = [.. Enumerable.Repeat(1.0, nodes)];
        }

        public void Add(int a, int b, float weight)
        {
            _from.AddRange([a, b]);
            _to.AddRange([b, a]);
            _weights.AddRange([weight, weight]);
            _degrees[a] += weight;
            _degrees[b] += weight;
        }

        public HyperGcnLaplacian ToLaplacian(Device device)
        {
            // Negative edge weights can make a sum that has no root; it counts as one of zero.
            double[] scale = [.. _degrees.Select(static degree => degree > 0 ? 1 / Math.Sqrt(degree) : 0)];
            float[] entries = [.. _weights.Select((weight, i) => (float)(scale[_from[i]] * weight * scale[_to[i]]))];
            Incidence links = Incidence.FromPairs(_degrees.Length, _degrees.Length, [.. _from], [.. _to], device);
            return new HyperGcnLaplacian(links, new Parameter("weights", entries, [entries.Length], device));
        }
    }
}
