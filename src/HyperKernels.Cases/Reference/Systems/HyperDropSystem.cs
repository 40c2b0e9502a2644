using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One layer of HyperDrop: features and scores of edges on the dual, and a graph convolution over those that are left.</summary>
public sealed class HyperDropSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hyperdrop";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        (int inFeatures, int edgeFeatures, int hidden) = (run.Case.Int("c_node"), run.Case.Int("c_edge"), run.Case.Int("hidden"));
        EdgeGraph graph = EdgeGraphCases.Read(run, run.Case.Int("n_nodes"));
        HypergraphAttentionConv edgeConv = run.Own(
            new HypergraphAttentionConv(edgeFeatures, hidden, new HypergraphAttentionOptions { Attention = HypergraphAttention.None }));
        EdgeDrop drop = run.Own(new EdgeDrop(hidden, run.Case.Number("keep_ratio", otherwise: 0.8)));
        GraphConv nodeConv = run.Own(new GraphConv(inFeatures, hidden));
        using IDisposable ofEdges = run.Use(edgeConv, static name => $"edge_conv.{Plain(name)}", transposed: true);
        using IDisposable ofScores = run.Use(drop, static name => Plain(name).Replace("score.", "score_conv.", StringComparison.Ordinal), transposed: true);
        using IDisposable ofNodes = run.Use(nodeConv, static name => $"node_conv.{name}");

        KeptEdges all = KeptEdges.All(graph);
        Tensor features = Ops.Relu(edgeConv.Forward(run.Input("edge_attr"), all.Dual));
        KeptEdges kept = drop.Forward(features, all);
        Tensor edges = Tensor.From(kept.Edges, [kept.Edges.Length], run.Device);
        return new Dictionary<string, Tensor>
        {
            ["score"] = kept.Scores!.Value,
            ["kept_edges"] = edges,
            ["edge_features"] = Ops.GatherRows(features, edges),
            ["edge_weight"] = Ops.GatherRows(kept.Weights!.Value, edges),
            ["y"] = Ops.Relu(nodeConv.Forward(run.Input("x"), graph, kept.Weights)),
        };
    }

    // The authors' convolutions have no linear layer inside.
    private static string Plain(string name) => name.Replace("lin.", "", StringComparison.Ordinal);
}
