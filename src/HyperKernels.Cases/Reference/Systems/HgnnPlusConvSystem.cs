using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One HGNN+ convolution, with edge weights or without.</summary>
public sealed class HgnnPlusConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hgnnp_conv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        HgnnPlusConv layer = run.Own(new HgnnPlusConv(run.Case.Int("c_in"), run.Case.Int("c_out"), bias: run.HasParameter("theta.bias")));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), graph) };
        }
    }
}
