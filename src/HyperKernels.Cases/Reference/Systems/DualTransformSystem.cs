using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>The pairs of the dual hypergraph, with loops or without. The authors number loops behind the largest node with an edge.</summary>
public sealed class DualTransformSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "dual_transform";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        int nodes = run.Ints("edge_src").Concat(run.Ints("edge_dst")).Append(-1).Max() + 1;
        EdgeGraph graph = EdgeGraphCases.Read(run, nodes);
        Incidence dual = run.Own(DualTransform.Of(graph, run.Case.Flag("add_loops", otherwise: true), run.Device));
        return new Dictionary<string, Tensor>
        {
            ["dual_node"] = dual.NodeOfMembership,
            ["dual_edge"] = dual.EdgeOfMembership,
            ["dual_graph"] = Tensor.From(graph.GraphOfEdge, [graph.EdgeCount], run.Device),
        };
    }
}
