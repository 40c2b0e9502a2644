namespace HyperKernels.Cases;

/// <summary>Reductions of rows per membership, by hyperedge and by node.</summary>
public sealed class PrimSegmentSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "prim_segment";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Incidence incidence = run.Incidence();
        Tensor rows = run.Input("z");
        Tensor scores = run.Input("score");
        Dictionary<string, Tensor> outputs = [];
        foreach ((string end, Toward toward) in new[] { ("edge", Toward.Edges), ("node", Toward.Nodes) })
        {
            outputs[$"sum_by_{end}"] = Ops.SegmentSum(rows, incidence, toward);
            outputs[$"mean_by_{end}"] = Ops.SegmentMean(rows, incidence, toward);
            outputs[$"max_by_{end}"] = Ops.SegmentMax(rows, incidence, toward);
            outputs[$"min_by_{end}"] = Ops.SegmentMin(rows, incidence, toward);
            outputs[$"softmax_by_{end}"] = Ops.SegmentSoftmax(scores, incidence, toward);
        }
        return outputs;
    }
}
