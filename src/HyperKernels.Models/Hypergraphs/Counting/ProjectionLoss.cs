namespace HyperKernels.Models;

/// <summary>What is lost when a hypergraph is projected to pairs, counted: the two ways in which that happens, and the triangles.</summary>
/// <param name="Edges">Different hyperedges of two members or more.</param>
/// <param name="MaximalCliques">Maximal cliques of the projection.</param>
/// <param name="Kept">Hyperedges that are maximal cliques: these can be read off the projection.</param>
/// <param name="Covered">Hyperedges that are not, being inside a larger clique: the first loss.</param>
/// <param name="Phantom">Maximal cliques that are no hyperedge: the second loss.</param>
/// <param name="Nested">Hyperedges inside another hyperedge.</param>
/// <param name="Triangles">Triangles of the projection.</param>
/// <param name="ClosedTriangles">Those inside some hyperedge.</param>
/// <param name="OpenTriangles">Those inside none.</param>
/// <remarks>
/// Where both losses are zero the hypergraph can be read off its projection. Source: Wang, Kleinberg, From Graphs to Hypergraphs: Hypergraph Projection and its
/// Remediation, ICLR 2024 (arXiv 2401.08519), section 4.
/// </remarks>
public sealed record ProjectionLoss(
    int Edges, int MaximalCliques, int Kept, int Covered, int Phantom, int Nested, long Triangles, long ClosedTriangles, long OpenTriangles)
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "projection",
        Title = "Hypergraph projection and its remediation",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper("Wang, Kleinberg", "From Graphs to Hypergraphs: Hypergraph Projection and its Remediation", "ICLR", 2024) { Arxiv = "2401.08519" },
        Equation = "losses = hyperedges inside larger cliques, maximal cliques that are none; rho(n, k) = share of k-subsets of n-cliques that are hyperedges",
        Source = "sections 4 and 5",
        Layers = [typeof(ProjectionLoss), typeof(WeightedGraph), typeof(MaximalCliques), typeof(CliqueSampler), typeof(CliqueFeatures)],
        HypergraphDesign = new(
            HypergraphStructure.Clique, HypergraphMessages.None, HypergraphAggregation.None, HypergraphTargets.Edges, HypergraphTraining.Supervised,
            HypergraphFeatures.Structural),
        Cases = ["projection"],
    };

    /// <summary>Counts a hypergraph's losses.</summary>
    /// <param name="incidence">Its structure. A member that is named twice counts once, and so do hyperedges of the same members.</param>
    public static ProjectionLoss Of(Incidence incidence)
    {
        ArgumentNullException.ThrowIfNull(incidence);
        int[][] sets = MemberSets.Distinct(MemberSets.Of(incidence), 2);
        WeightedGraph graph = ProjectedGraph.Of(incidence.NodeCount, sets);
        HashSet<int[]> edges = new(sets, MemberSets.SameMembers.Instance);
        int cliques = 0;
        int kept = 0;
        foreach (int[] clique in Models.MaximalCliques.Of(graph))
        {
            cliques++;
            kept += edges.Contains(clique) ? 1 : 0;
        }
        long triangles = 0;
        long closed = 0;
        TriangleClosure closure = new(incidence.NodeCount, sets);
        foreach ((int u, int v, int w) in graph.Triangles())
        {
            triangles++;
            closed += closure.Holds(u, v, w) ? 1 : 0;
        }
        return new ProjectionLoss(
            sets.Length, cliques, kept, sets.Length - kept, cliques - kept, Nestings(incidence.NodeCount, sets), triangles, closed, triangles - closed);
    }

    // A set is nested where another hyperedge holds all its members: the hyperedges of its members have another than itself in common.
    private static int Nestings(int nodes, int[][] sets)
    {
        int[][] edgesOf = MemberSets.EdgesOfNodes(nodes, sets);
        int nested = 0;
        foreach (int[] set in sets)
        {
            int[] holding = edgesOf[set[0]];
            for (int i = 1; i < set.Length && holding.Length > 1; i++)
            {
                holding = MemberSets.Intersect(holding, edgesOf[set[i]]);
            }
            nested += holding.Length > 1 ? 1 : 0;
        }
        return nested;
    }
}
