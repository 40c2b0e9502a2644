using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Clique, star and line graph of a hypergraph, and what is lost on the way.</summary>
public sealed class ProjectionSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "projection";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence()));
        (int U, int V, float Weight)[] pairs = Pairs(graph.CliqueProjection());
        (int U, int V, float Weight)[] shared = Pairs(graph.CliqueProjection(CliqueWeights.PerOther));
        (int U, int V, float Weight)[] lines = Pairs(graph.LineGraph());
        ProjectionLoss loss = ProjectionLoss.Of(graph.Incidence);
        return new Dictionary<string, Tensor>
        {
            ["clique_u"] = Ints(pairs.Select(static pair => pair.U)),
            ["clique_v"] = Ints(pairs.Select(static pair => pair.V)),
            ["clique_count"] = Ints(pairs.Select(static pair => (int)pair.Weight)),
            ["clique_weight_size_minus_1"] = Tensor.From([.. shared.Select(static pair => pair.Weight)], [shared.Length], run.Device),
            ["line_u"] = Ints(lines.Select(static pair => pair.U)),
            ["line_v"] = Ints(lines.Select(static pair => pair.V)),
            ["line_overlap"] = Ints(lines.Select(static pair => (int)pair.Weight)),
            // The case lists links of the star in the order of the memberships.
            ["star_src"] = Ints(graph.Incidence.Nodes.ToArray()),
            ["star_dst"] = Ints(graph.Incidence.Edges.ToArray().Select(edge => graph.NodeCount + edge)),
            ["counts"] = Ints(
            [
                loss.Edges, loss.MaximalCliques, loss.Kept, loss.Covered, loss.Phantom, loss.Nested,
                (int)loss.Triangles, (int)loss.ClosedTriangles, (int)loss.OpenTriangles,
            ]),
        };

        Tensor Ints(IEnumerable<int> values)
        {
            int[] all = [.. values];
            return Tensor.From(all, [all.Length], run.Device);
        }
    }

    internal static (int U, int V, float Weight)[] Pairs(WeightedGraph graph)
    {
        List<(int, int, float)> pairs = [];
        for (int node = 0; node < graph.NodeCount; node++)
        {
            ReadOnlySpan<int> neighbours = graph.NeighboursOf(node);
            for (int i = 0; i < neighbours.Length; i++)
            {
                if (neighbours[i] > node)
                {
                    pairs.Add((node, neighbours[i], graph.WeightsOf(node)[i]));
                }
            }
        }
        return [.. pairs];
    }
}
