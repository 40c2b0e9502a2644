namespace HyperKernels;

public sealed partial class Hypergraph
{
    /// <summary>
    /// Makes one hyperedge of those with equal members: the same nodes, each as often, in the same roles, in any order, and of the same type. Empty ones are equal.
    /// </summary>
    /// <param name="weights">What becomes of weights of hyperedges. A sum leaves every weighted product the same.</param>
    /// <returns>The first of the equal ones stays, with its memberships and their weights, in the order there was.</returns>
    /// <remarks>
    /// Weights are differentiable in those before, and belong to the current scope. A graph without weights gets, for <see cref="MergeRule.Sum"/>, how many went
    /// into each. Takes time linear in nodes, hyperedges and memberships.
    /// </remarks>
    public MergedHypergraph WithoutRepeatedEdges(MergeRule weights = MergeRule.Sum)
    {
        CanonicalMembers sorted = new(this);
        int[] edgeOf = new int[EdgeCount];
        List<int> kept = [];
        Dictionary<ulong, List<int>> alike = [];
        for (int edge = 0; edge < EdgeCount; edge++)
        {
            ulong hash = sorted.Hash(edge);
            if (!alike.TryGetValue(hash, out List<int>? places))
            {
                alike.Add(hash, places = []);
            }
            int same = places.FindIndex(place => sorted.AreEqual(kept[place], edge));
            edgeOf[edge] = same < 0 ? kept.Count : places[same];
            if (same < 0)
            {
                places.Add(kept.Count);
                kept.Add(edge);
            }
        }
        int[] memberships = [.. Enumerable.Range(0, MembershipCount).Where(pair => kept[edgeOf[Incidence.Edges[pair]]] == Incidence.Edges[pair])];
        int[] membershipOf = new int[MembershipCount];
        for (int i = 0; i < memberships.Length; i++)
        {
            membershipOf[memberships[i]] = i;
        }
        for (int edge = 0; edge < EdgeCount; edge++)
        {
            ReadOnlySpan<int> first = sorted.Of(kept[edgeOf[edge]]), own = sorted.Of(edge);
            for (int i = 0; i < own.Length; i++)
            {
                membershipOf[own[i]] = membershipOf[first[i]];
            }
        }
        HypergraphRows rows = _rows.Take(null, [.. kept], memberships) with { EdgeWeights = Merge(_rows.EdgeWeights, edgeOf, [.. kept], weights) };
        return new MergedHypergraph(Renumbered(memberships, edgeOf, kept.Count, rows), edgeOf, membershipOf);
    }

    /// <summary>Makes one membership of those by which a node is in a hyperedge several times in the same role.</summary>
    /// <param name="weights">What becomes of weights of memberships. A sum leaves every weighted product the same.</param>
    /// <returns>Memberships stand in the order of the first of each; hyperedges are those that there were.</returns>
    /// <remarks>As <see cref="WithoutRepeatedEdges"/>.</remarks>
    public MergedHypergraph WithoutRepeatedMembers(MergeRule weights = MergeRule.Sum)
    {
        CanonicalMembers sorted = new(this);
        int[] firstOf = new int[MembershipCount];
        for (int edge = 0; edge < EdgeCount; edge++)
        {
            ReadOnlySpan<int> own = sorted.Of(edge);
            for (int i = 0; i < own.Length; i++)
            {
                firstOf[own[i]] = i > 0 && sorted.AreSame(own[i - 1], own[i]) ? firstOf[own[i - 1]] : own[i];
            }
        }
        int[] membershipOf = new int[MembershipCount];
        List<int> kept = [];
        for (int pair = 0; pair < membershipOf.Length; pair++)
        {
            // The first of a kind comes before the others.
            membershipOf[pair] = firstOf[pair] == pair ? kept.Count : membershipOf[firstOf[pair]];
            if (firstOf[pair] == pair)
            {
                kept.Add(pair);
            }
        }
        int[] edgeOf = [.. Enumerable.Range(0, EdgeCount)];
        int[] memberships = [.. kept];
        HypergraphRows rows = _rows.Take(null, null, memberships) with
        {
            MembershipWeights = Merge(_rows.MembershipWeights, membershipOf, memberships, weights),
            NodewardWeights = _rows.NodewardWeights is null ? null : Merge(_rows.NodewardWeights, membershipOf, memberships, weights),
        };
        return new MergedHypergraph(Renumbered(memberships, edgeOf, EdgeCount, rows), edgeOf, membershipOf);
    }

    private Hypergraph Renumbered(int[] memberships, int[] edgeOf, int edges, in HypergraphRows rows)
    {
        int[] nodeIds = Array.ConvertAll(memberships, pair => Incidence.Nodes[pair]);
        int[] edgeIds = Array.ConvertAll(memberships, pair => edgeOf[Incidence.Edges[pair]]);
        return new Hypergraph(Incidence.FromPairs(NodeCount, edges, nodeIds, edgeIds, Incidence.Device), rows, ownsIncidence: true);
    }

    /// <param name="values">A weight for each old row; null means ones.</param>
    /// <param name="placeOf">The new row of each old one.</param>
    /// <param name="firsts">The first old row of each new one.</param>
    /// <param name="rule">What becomes of several.</param>
    private Tensor? Merge(Tensor? values, int[] placeOf, int[] firsts, MergeRule rule)
    {
        Device device = Incidence.Device;
        bool isSum = rule == MergeRule.Sum;
        if (firsts.Length == placeOf.Length || (values is null && !isSum))
        {
            return values;
        }
        if (rule == MergeRule.First)
        {
            return Ops.GatherRows(values!.Value, Tensor.From(firsts, [firsts.Length], device));
        }
        Tensor places = Tensor.From(placeOf, [placeOf.Length], device);
        Tensor ones = Tensor.Ones([placeOf.Length], device);
        Tensor sum = Ops.ScatterAddRows(values ?? ones, places, firsts.Length);
        return isSum ? sum : Ops.Divide(sum, Ops.ScatterAddRows(ones, places, firsts.Length));
    }
}
