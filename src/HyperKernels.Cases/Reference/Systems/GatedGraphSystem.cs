using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Gated message passing over architectures: with virtual edges (GHN-2), or without (GHN-1).</summary>
/// <param name="name">What cases name as their system.</param>
public sealed class GatedGraphSystem(string name) : IReferenceSystem
{
    // Source, target, length of the way, graph.
    private const int EdgeColumns = 4;

    /// <inheritdoc/>
    public string Name => name;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Tensor x = run.Input("x");
        GatedGraphNetwork network = run.Own(new GatedGraphNetwork(
            source.Int("hid", otherwise: x.Shape[1]), source.Flag("virtual_edges", otherwise: run.HasParameter("mlp_ve.fc.0.weight")),
            source.Int("rounds", otherwise: 1), source.Int("cutoff", otherwise: 50), new RandomStream(0)));
        using IDisposable weights = run.Use(network, static name => name.Replace("mlp.", "mlp.fc.", StringComparison.Ordinal)
            .Replace("mlp_ve.", "mlp_ve.fc.", StringComparison.Ordinal));
        return new Dictionary<string, Tensor> { ["h"] = network.Forward(x, Graphs(run, network)) };
    }

    private static ArchitectureBatch Graphs(ReferenceRun run, GatedGraphNetwork network)
    {
        int[] graphOf = run.Ints("graph_of_node");
        int[] edges = run.Ints("edges");
        ArchitectureGraph[] graphs = new ArchitectureGraph[graphOf.Max() + 1];
        for (int g = 0; g < graphs.Length; g++)
        {
            int[][] own = [.. edges.Chunk(EdgeColumns).Where(edge => edge[3] == g)];
            ArchitectureNode[] nodes = [.. graphOf.Where(graph => graph == g).Select(static _ => new ArchitectureNode(GraphOperation.Other))];
            if (own.FirstOrDefault(static edge => edge[0] >= edge[1]) is { } backward)
            {
                throw new InvalidDataException($"{run.Case.Path}: edges must lead to later nodes; one leads from {backward[0]} to {backward[1]} of graph {g}.");
            }
            graphs[g] = new ArchitectureGraph(nodes, own.Where(static edge => edge[2] == 1).Select(static edge => (edge[0], edge[1])));
            if (network.VirtualEdges)
            {
                CheckWays(run, graphs[g], own, network.Cutoff, g);
            }
        }
        return new ArchitectureBatch(graphs);
    }

    // The library works lengths out itself.
    private static void CheckWays(ReferenceRun run, ArchitectureGraph graph, int[][] edges, int cutoff, int number)
    {
        int ways = graph.Distances.ToArray().Count(distance => distance > 0 && distance <= cutoff);
        if (ways != edges.Length || edges.Any(edge => graph.Distance(edge[0], edge[1]) != edge[2]))
        {
            throw new InvalidDataException($"{run.Case.Path}: edges must be all shortest ways up to {cutoff}; those of graph {number} are not.");
        }
    }
}
