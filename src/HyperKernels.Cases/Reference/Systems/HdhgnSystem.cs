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
        int[] graphOfNode = run.HasInput("graph") ? run.Ints("graph") : [];
        int graphs = run.Case.Int("graphs", otherwise: 1);
        RoleHypergraph graph = run.Own(new RoleHypergraph(run.Incidence(), run.Ints("role"), roles, graphOfNode, graphs));
        HdhgnConv layer = run.Own(new HdhgnConv(
            run.Case.Int("channels"), run.Case.Int("edge_heads", otherwise: 8), run.Case.Int("node_heads", otherwise: 8), roles));
        using (run.Use(layer, rename: null, static name => name.EndsWith("tail_linear.weight", StringComparison.Ordinal)))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Input("edge_attr"), graph) };
        }
    }
}
