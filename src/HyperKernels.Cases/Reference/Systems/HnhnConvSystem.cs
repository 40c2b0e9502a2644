using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One HNHN convolution.</summary>
public sealed class HnhnConvSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hnhn_conv";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        HnhnConv layer = run.Own(new HnhnConv(
            run.Case.Int("c_in"), run.Case.Int("c_out"), (float)run.Case.Number("alpha", 0), (float)run.Case.Number("beta", 0)));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), graph) };
        }
    }
}
