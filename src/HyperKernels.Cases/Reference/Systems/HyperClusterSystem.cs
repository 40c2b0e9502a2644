using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>HyperCluster's pooling of edges and the way back; keys and values have their matrices as (in, out).</summary>
public sealed class HyperClusterSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hypercluster";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        EdgeGraph graph = EdgeGraphCases.Read(run, source.Int("n_nodes"));
        ClusterAxis axis = source.Flag("cluster", otherwise: true) ? ClusterAxis.Clusters : ClusterAxis.Edges;
        EdgeCluster layer = run.Own(new EdgeCluster(
            source.Int("channels"), source.Int("clusters"), source.Int("heads", otherwise: 1), run.HasParameter("pool.mab.ln0.weight"), axis));
        using IDisposable weights = run.Use(
            layer,
            static name => name
                .Replace("seeds", "pool.S", StringComparison.Ordinal)
                .Replace("query", "pool.mab.fc_q", StringComparison.Ordinal)
                .Replace("key", "pool.mab.fc_k", StringComparison.Ordinal)
                .Replace("value", "pool.mab.fc_v", StringComparison.Ordinal)
                .Replace("output", "pool.mab.fc_o", StringComparison.Ordinal)
                .Replace("norm", "pool.mab.ln", StringComparison.Ordinal)
                .Replace(".lin.", ".", StringComparison.Ordinal),
            static name => name is "pool.mab.fc_k.weight" or "pool.mab.fc_v.weight");

        EdgeClusters clusters = layer.Forward(run.Input("edge_attr"), KeptEdges.All(graph));
        return new Dictionary<string, Tensor> { ["pooled"] = clusters.Pooled, ["unpooled"] = layer.Unpool(clusters, graph) };
    }
}
