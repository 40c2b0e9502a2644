using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>One HGNN convolution, with edge weights or without.</summary>
public sealed class HgnnConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hgnn_conv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        HypergraphConv layer = run.Own(new HypergraphConv(run.Case.Int("c_in"), run.Case.Int("c_out"), bias: run.HasParameter("theta.bias")));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), graph) };
        }
    }
}
