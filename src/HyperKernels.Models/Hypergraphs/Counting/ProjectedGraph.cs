namespace HyperKernels.Models;

/// <summary>Counts on graphs that hypergraphs were projected to.</summary>
internal static class ProjectedGraph
{
    /// <summary>Joins the members of sets pairwise; a pair's weight is the number of sets that hold both.</summary>
    public static WeightedGraph Of(int nodes, int[][] sets)
    {
        using Hypergraph graph = Hypergraph.FromEdges(nodes, sets);
        return graph.CliqueProjection();
    }

    /// <summary>The weight of a pair; 0 for nodes that are not joined.</summary>
    public static float WeightOf(this WeightedGraph graph, int u, int v)
    {
        int at = graph.NeighboursOf(u).BinarySearch(v);
        return at < 0 ? 0 : graph.WeightsOf(u)[at];
    }

    /// <summary>Every triangle u &lt; v &lt; w, in that order.</summary>
    public static IEnumerable<(int U, int V, int W)> Triangles(this WeightedGraph graph)
    {
        for (int u = 0; u < graph.NodeCount; u++)
        {
            foreach (int v in graph.NeighboursOf(u).ToArray())
            {
                if (v < u)
                {
                    continue;
                }
                foreach (int w in MemberSets.Intersect(graph.NeighboursOf(u), graph.NeighboursOf(v)))
                {
                    if (w > v)
                    {
                        yield return (u, v, w);
                    }
                }
            }
        }
    }
}
