using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A layer of MetaHGNIE's semantic channel, with the statistics of the batch.</summary>
public sealed class MetaHgnieSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "metahgnie";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int inFeatures, int heads, int each) = (source.Int("c_in"), source.Int("heads"), source.Int("head_channels"));
        // Where the widths are equal the residual needs no matrix: only the option tells then.
        bool residual = source.Flag("residual", otherwise: run.HasParameter("res_fc.weight") || inFeatures == heads * each);
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence()));
        ScaHgtConv layer = run.Own(new ScaHgtConv(
            inFeatures, source.Int("edge_channels"), each, heads, dropout: 0, residual, run.HasParameter("batch_norm1.weight")));
        using (run.Use(layer))
        {
            return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), run.Input("edge_attr"), graph) };
        }
    }
}
