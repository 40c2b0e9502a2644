using HyperKernels.Models;

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
        Hgnn network = run.Own(new Hgnn(
            run.Case.Int("c_in"), run.Case.Int("hidden"), run.Case.Int("classes"), dropout: 0, bias: run.HasParameter("conv1.bias")));
        bool transposed = run.Case.Text("weight_layout", "").Contains("(in, out)", StringComparison.Ordinal);
        using (run.Use(network, static name => name.Replace(".theta", "", StringComparison.Ordinal), transposed))
        {
            return new Dictionary<string, Tensor>
            {
                ["hidden"] = network.Hidden(run.Input("x"), graph),
                ["logits"] = network.Forward(run.Input("x"), graph),
            };
        }
    }
}
