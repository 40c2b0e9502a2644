using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A linear layer with a parallel and a sequential adapter, applied and merged.</summary>
public sealed class HydraSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Hydra";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Linear linear = new(source.Int("in"), source.Int("out"), run.HasParameter("base.bias"));
        Hydra layer = run.Own(new Hydra(linear, source.Int("rank"), (float)source.Number("scale", 1), random: new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name
            .Replace("inner.", "base.", StringComparison.Ordinal)
            .Replace("_down.", ".down_proj.", StringComparison.Ordinal)
            .Replace("_up.", ".up_proj.", StringComparison.Ordinal));
        (Tensor weight, Tensor bias) = layer.Merged();
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x")), ["merged.weight"] = weight, ["merged.bias"] = bias };
    }
}
