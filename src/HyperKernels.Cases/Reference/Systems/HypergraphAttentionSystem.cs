using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>PyTorch Geometric's hypergraph convolution as the paper has it, and (<c>y_code</c>) as its release computes with edge weights.</summary>
public sealed class HypergraphAttentionSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "pyg_hypergraphconv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        HypergraphAttentionOptions options = new()
        {
            Attention = source.Text("attention", "none") switch
            {
                "none" => HypergraphAttention.None,
                "node" => HypergraphAttention.OverMembers,
                "edge" => HypergraphAttention.OverEdges,
                string other => throw new InvalidDataException($"{source.Path}: config \"attention\" must be none, node or edge; it is \"{other}\"."),
            },
            Heads = source.Int("heads", 1),
            Concatenate = source.Flag("concat", true),
            Slope = (float)source.Number("negative_slope", 0.2),
            Bias = run.HasParameter("bias"),
        };
        Dictionary<string, Tensor> outputs = new() { ["y"] = Convolve(run, graph, options) };
        if (source.Tensors.ContainsKey("out.y_code"))
        {
            outputs["y_code"] = Convolve(run, graph, options with { EdgeWeights = EdgeWeightUse.DegreesAlone });
        }
        return outputs;
    }

    private static Tensor Convolve(ReferenceRun run, Hypergraph graph, HypergraphAttentionOptions options)
    {
        HypergraphAttentionConv layer = run.Own(new HypergraphAttentionConv(run.Case.Int("c_in"), run.Case.Int("c_out"), options));
        using (run.Use(layer))
        {
            return layer.Forward(run.Input("x"), graph, run.OptionalInput("edge_attr"));
        }
    }
}
