using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Two HGNN convolutions with ReLU between. The authors' names have no <c>theta</c>, and their matrices are (in, out).</summary>
public sealed class HgnnModelSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hgnn_model";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        int hidden = run.Case.Int("hidden");
        Tensor first = Ops.Relu(Convolve(run, "conv1", run.Case.Int("c_in"), hidden, run.Input("x"), graph));
        return new Dictionary<string, Tensor>
        {
            ["hidden"] = first,
            ["logits"] = Convolve(run, "conv2", hidden, run.Case.Int("classes"), first, graph),
        };
    }

    private static Tensor Convolve(ReferenceRun run, string name, int inputs, int outputs, Tensor x, Hypergraph graph)
    {
        HypergraphConv layer = run.Own(new HypergraphConv(inputs, outputs, bias: run.HasParameter($"{name}.bias")));
        bool transposed = run.Case.Text("weight_layout", "").Contains("(in, out)", StringComparison.Ordinal);
        using (run.Use(layer, inner => inner.Replace("theta", name, StringComparison.Ordinal), transposed))
        {
            return layer.Forward(x, graph);
        }
    }
}
