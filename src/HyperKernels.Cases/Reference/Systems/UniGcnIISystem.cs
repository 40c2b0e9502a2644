using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>One layer of UniGCNII; alpha and beta are those of the cases' equation unless the options name others.</summary>
public sealed class UniGcnIISystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "unigcnii";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Hypergraph graph = run.Own(UniConvSystem.Graph(run));
        UniGcnIIConv layer = run.Own(new UniGcnIIConv(
            source.Int("c_in"), (float)source.Number("beta", 0.25), (float)source.Number("alpha", 0.1),
            UniConvSystem.Aggregate(source, "first_aggregate", "mean"), source.Flag("use_norm", false)));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Input("x0"), graph) };
        }
    }
}
