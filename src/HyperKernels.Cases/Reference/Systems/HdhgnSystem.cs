using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One HDHGN convolution over several graphs. Matrices by role are (role, in, out).</summary>
public sealed class HdhgnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hdhgn";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        int roles = run.Case.Tensor("param.head_tail_linear.weight").Shape[0];
        Hypergraph typed = new Hypergraph(run.Incidence()).WithRoles(RowGroups.Of(run.Ints("role"), roles, run.Device));
        int nodes = run.Case.Int("n_nodes");
        int[] graphOfNode = run.HasInput("graph") ? run.Ints("graph") : new int[nodes];
        int graphs = run.Case.Int("graphs", otherwise: graphOfNode.Append(0).Max() + 1);
        Incidence nodesByGraph = run.Own(Incidence.FromPairs(nodes, graphs, [.. Enumerable.Range(0, nodes)], graphOfNode, run.Device));
        RoleHypergraph graph = run.Own(new RoleHypergraph(typed, nodesByGraph));
        HdhgnConv layer = run.Own(new HdhgnConv(
            run.Case.Int("channels"), run.Case.Int("edge_heads", otherwise: 8), run.Case.Int("node_heads", otherwise: 8), roles));
        using (run.Use(layer, rename: null, static name => name.EndsWith("tail_linear.weight", StringComparison.Ordinal)))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Input("edge_attr"), graph) };
        }
    }
}
