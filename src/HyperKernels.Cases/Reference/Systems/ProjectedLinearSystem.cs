using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A projected linear layer, a cluster per sample.</summary>
public sealed class ProjectedLinearSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Specialized LMs (projected networks)";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        ProjectedLinear layer = run.Own(new ProjectedLinear(
            source.Int("in"), source.Int("out"), source.Int("large_in"), source.Int("large_out"), source.Int("clusters"), run.HasParameter("large.bias")));
        using IDisposable weights = run.Use(layer);
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Ints("cluster")), ["weight"] = layer.Weights() };
    }
}
