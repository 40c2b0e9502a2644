using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A SoftHGNN convolution, with a learned gate or without.</summary>
public sealed class SoftHgnnSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "softhgnn";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        SoftHgnnConv layer = run.Own(new SoftHgnnConv(
            run.Case.Int("channels"), run.Case.Int("soft_edges", otherwise: 16), run.Case.Int("heads", otherwise: 4), dropout: 0,
            gate: run.HasParameter("gate")));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x")), ["assignment"] = layer.Assignment(run.Input("x")) };
        }
    }
}
