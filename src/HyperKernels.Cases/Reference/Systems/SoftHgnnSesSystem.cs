using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A SoftHGNN convolution that keeps the best of its soft hyperedges; the authors' balance loss, which has no gradient.</summary>
public sealed class SoftHgnnSesSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "softhgnn_ses";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        int fixedEdges = run.Case.Int("fixed_edges", otherwise: 8);
        SoftHgnnSesConv layer = run.Own(new SoftHgnnSesConv(
            run.Case.Int("channels"), run.Case.Int("soft_edges", otherwise: 72) - fixedEdges, run.Case.Int("top_k", otherwise: 16), fixedEdges,
            run.Case.Int("heads", otherwise: 8), dropout: 0, balance: BalanceGradient.None));
        using (run.Use(layer))
        {
            (Tensor nodes, SoftSelection selection) = layer.Forward(run.Input("x"));
            return new Dictionary<string, Tensor> { ["y"] = nodes, ["assignment"] = selection.Assignment, ["balance"] = selection.Balance };
        }
    }
}
