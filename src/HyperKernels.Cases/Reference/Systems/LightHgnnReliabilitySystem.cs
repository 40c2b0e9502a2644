using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>How reliable a teacher is on each hyperedge, and how smooth an embedding is.</summary>
public sealed class LightHgnnReliabilitySystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "lighthgnn_reliability";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Incidence incidence = run.Incidence();
        Tensor change = EdgeReliability.Change(run.Input("logits"), run.Input("logits_noisy"), incidence);
        return new Dictionary<string, Tensor>
        {
            ["edge_change"] = change,
            ["keep_probability"] = EdgeReliability.KeepProbability(change),
            ["topology_score"] = TopologyScore.Compute(run.Input("embedding"), incidence),
        };
    }
}
