namespace HyperKernels.Cases;

/// <summary>Weighted products with the incidence both ways, and the dot product of each pair.</summary>
public sealed class PrimSpmmSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "prim_spmm";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Incidence incidence = run.Incidence();
        Tensor x = run.Input("x");
        Tensor y = run.Input("y");
        Tensor? weights = run.OptionalInput("w");
        return new Dictionary<string, Tensor>
        {
            ["node_to_edge"] = Ops.NodesToEdges(x, incidence, weights),
            ["edge_to_node"] = Ops.EdgesToNodes(y, incidence, weights),
            ["sddmm"] = Ops.SampledDot(x, y, incidence),
        };
    }
}
