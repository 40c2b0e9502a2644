namespace HyperKernels;

/// <summary>What a <see cref="Hypergraph"/> holds beside its structure, row by row; null means ones, or all of one kind.</summary>
internal readonly record struct HypergraphRows
{
    /// <summary><c>[E]</c></summary>
    public Tensor? EdgeWeights { get; init; }

    /// <summary><c>[M]</c></summary>
    public Tensor? MembershipWeights { get; init; }

    /// <summary><c>[M]</c>: those of the way to the nodes, where they are others.</summary>
    public Tensor? NodewardWeights { get; init; }

    public RowGroups? NodeTypes { get; init; }

    public RowGroups? EdgeTypes { get; init; }

    public RowGroups? Roles { get; init; }

    /// <summary>Completes sums of hyperedges whose members lie in several processes; null where all are here. Structures made of this one do not have it.</summary>
    public IEdgeExchange? Exchange { get; init; }

    /// <summary>The rows of another structure of the same device: for each of its rows the one here that it comes from; null where rows are the same.</summary>
    public HypergraphRows Take(int[]? nodes, int[]? edges, int[]? memberships) => new()
    {
        EdgeWeights = Take(EdgeWeights, edges),
        MembershipWeights = Take(MembershipWeights, memberships),
        NodewardWeights = Take(NodewardWeights, memberships),
        NodeTypes = Take(NodeTypes, nodes),
        EdgeTypes = Take(EdgeTypes, edges),
        Roles = Take(Roles, memberships),
    };

    /// <exception cref="ArgumentException">Something has not one row for each, holds integers, or is on another device.</exception>
    public void Check(Incidence incidence)
    {
        CheckWeights(EdgeWeights, incidence.EdgeCount, "hyperedge", incidence.Device);
        CheckWeights(MembershipWeights, incidence.MembershipCount, "membership", incidence.Device);
        CheckWeights(NodewardWeights, incidence.MembershipCount, "membership", incidence.Device);
        CheckKinds(NodeTypes, incidence.NodeCount, "node types", "node", incidence.Device);
        CheckKinds(EdgeTypes, incidence.EdgeCount, "hyperedge types", "hyperedge", incidence.Device);
        CheckKinds(Roles, incidence.MembershipCount, "roles", "membership", incidence.Device);
    }

    /// <summary>Rows of hyperedges and memberships of one graph after those of another; types of nodes are the first graph's.</summary>
    /// <exception cref="ArgumentException">Some graphs have types or roles and others not, or not as many.</exception>
    public static HypergraphRows Concatenate(string name, Hypergraph[] graphs) => new()
    {
        EdgeWeights = Concatenate(graphs, graph => graph.EdgeWeights, graph => graph.EdgeCount),
        MembershipWeights = Concatenate(graphs, graph => graph.MembershipWeights, graph => graph.MembershipCount),
        NodewardWeights = Array.Exists(graphs, graph => graph.Rows.NodewardWeights is not null)
            ? Concatenate(graphs, graph => graph.MembershipWeightsToward(Toward.Nodes), graph => graph.MembershipCount)
            : null,
        NodeTypes = graphs[0].NodeTypes,
        EdgeTypes = Concatenate($"{name}: types of hyperedges", graphs, graph => graph.EdgeTypes),
        Roles = Concatenate($"{name}: roles", graphs, graph => graph.Roles),
    };

    /// <summary>Types of one graph after those of another.</summary>
    /// <exception cref="ArgumentException">Some graphs have types and others not, or not as many.</exception>
    public static RowGroups? Concatenate(string what, Hypergraph[] graphs, Func<Hypergraph, RowGroups?> kindsOf)
    {
        RowGroups?[] kinds = Array.ConvertAll(graphs, graph => kindsOf(graph));
        if (Array.Exists(kinds, kind => kind?.Groups != kinds[0]?.Groups))
        {
            Throw.Argument($"{what} must be in all graphs or in none, equally many in each; got {string.Join(", ", kinds.Select(kind => kind?.Groups ?? 0))}.");
        }
        return kinds[0] is { } first
            ? RowGroups.Of([.. kinds.SelectMany(kind => kind!.GroupOfRow.ToArray())], first.Groups, first.Order.Device)
            : null;
    }

    // Ones for a graph without weights; null if all are.
    private static Tensor? Concatenate(Hypergraph[] graphs, Func<Hypergraph, Tensor?> weightsOf, Func<Hypergraph, int> countOf) =>
        Array.TrueForAll(graphs, graph => weightsOf(graph) is null)
            ? null
            : Ops.Concatenate(0, [.. graphs.Select(graph => weightsOf(graph) ?? Tensor.Ones([countOf(graph)], graph.Incidence.Device))]);

    private static void CheckWeights(Tensor? weights, int count, string what, Device device)
    {
        if (weights is not { } given)
        {
            return;
        }
        Ops.CheckFloat("Hypergraph", given);
        if (given.Rank != 1 || given.Shape[0] != count)
        {
            Throw.Argument($"Hypergraph: {what} weights must be [{count}], one per {what}; got {given.Shape}.");
        }
        if (!ReferenceEquals(given.Device, device))
        {
            Throw.Argument($"Hypergraph: weights and incidence must be on one device; got {given} and an incidence on {device}.");
        }
    }

    private static void CheckKinds(RowGroups? kinds, int count, string what, string row, Device device)
    {
        if (kinds is null)
        {
            return;
        }
        if (kinds.Rows != count)
        {
            Throw.Argument($"Hypergraph: {what} must be {count}, one per {row}; got {kinds.Rows}.");
        }
        if (!ReferenceEquals(kinds.Order.Device, device))
        {
            Throw.Argument($"Hypergraph: {what} and incidence must be on one device; got {kinds.Order.Device} and {device}. Use RowGroups.Of(..., device).");
        }
    }

    private static Tensor? Take(Tensor? values, int[]? rows) =>
        values is not { } given || rows is null ? values : Ops.GatherRows(given, Tensor.From(rows, [rows.Length], given.Device));

    private static RowGroups? Take(RowGroups? kinds, int[]? rows)
    {
        if (kinds is null || rows is null)
        {
            return kinds;
        }
        int[] taken = new int[rows.Length];
        for (int row = 0; row < rows.Length; row++)
        {
            taken[row] = kinds.GroupOfRow[rows[row]];
        }
        return RowGroups.Of(taken, kinds.Groups, kinds.Order.Device);
    }
}
