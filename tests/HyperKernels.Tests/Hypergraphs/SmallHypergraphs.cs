namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Random structures with everything that hurts: empty hyperedges, isolated nodes, repeated pairs, repeated hyperedges, pairs in any order.</summary>
internal static class SmallHypergraphs
{
    public static int[] Seeds => [1, 2, 3, 4, 5];

    /// <summary>Without weights, types and roles.</summary>
    public static Hypergraph Plain(int seed)
    {
        Random random = new(seed);
        int nodes = random.Next(3, 20), edges = random.Next(2, 16), memberships = random.Next(0, 70);
        // The last node and the last hyperedge stay alone; few ids below them make repeats likely.
        int[] nodeIds = [.. Enumerable.Range(0, memberships).Select(_ => random.Next(Math.Min(nodes - 1, 9)))];
        int[] edgeIds = [.. Enumerable.Range(0, memberships).Select(_ => random.Next(edges - 1))];
        return Hypergraph.FromPairs(nodes, edges, nodeIds, edgeIds);
    }

    /// <summary>With weights of hyperedges and memberships; they belong to the current scope.</summary>
    public static Hypergraph Weighted(Hypergraph graph, int seed) => graph
        .WithEdgeWeights(Tensor.From(Numbers(graph.EdgeCount, seed), [graph.EdgeCount]))
        .WithMembershipWeights(Tensor.From(Numbers(graph.MembershipCount, seed + 100), [graph.MembershipCount]));

    /// <summary>With two types of hyperedges and two roles; they belong to the current scope.</summary>
    public static Hypergraph Typed(Hypergraph graph) => graph
        .WithNodeTypes(RowGroups.Of([.. Enumerable.Range(0, graph.NodeCount).Select(node => node % 3)], 3))
        .WithEdgeTypes(RowGroups.Of([.. Enumerable.Range(0, graph.EdgeCount).Select(edge => edge % 2)], 2))
        .WithRoles(RowGroups.Of([.. Enumerable.Range(0, graph.MembershipCount).Select(pair => pair / 3 % 2)], 2));

    /// <summary>From 0.5 to 1.5.</summary>
    public static float[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() + 0.5f)];
    }

    /// <summary>H: <c>[N][E]</c>, weights of repeated pairs added up.</summary>
    public static double[,] Matrix(Hypergraph graph, Toward toward = Toward.Edges)
    {
        double[,] matrix = new double[graph.NodeCount, graph.EdgeCount];
        float[]? weights = graph.MembershipWeightsToward(toward)?.ToArray();
        for (int pair = 0; pair < graph.MembershipCount; pair++)
        {
            matrix[graph.Incidence.Nodes[pair], graph.Incidence.Edges[pair]] += weights?[pair] ?? 1;
        }
        return matrix;
    }

    /// <summary>The members of a hyperedge with their roles, in an order of their own, and its type: what makes it equal to another.</summary>
    public static string Key(Hypergraph graph, int edge)
    {
        IEnumerable<(int Node, int Role)> members = Enumerable.Range(0, graph.MembershipCount)
            .Where(pair => graph.Incidence.Edges[pair] == edge)
            .Select(pair => (graph.Incidence.Nodes[pair], graph.Roles?.GroupOfRow[pair] ?? 0));
        return $"{graph.EdgeTypes?.GroupOfRow[edge] ?? 0}: {string.Join(' ', members.Order())}";
    }
}
