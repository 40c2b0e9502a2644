using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A soft incidence drawn over an anchor hypergraph, and its loss. The convolutions' matrices are (in, out), the decoder's (out, in).</summary>
public sealed class HyperAgentSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hyperagent";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Hypergraph anchor = run.Own(new Hypergraph(run.Incidence(), run.OptionalInput("edge_weight")));
        HyperAgent network = run.Own(new HyperAgent(source.Int("c_in"), source.Int("hidden"), source.Int("latent")));
        List<IDisposable> uses = [];
        foreach ((string name, Layer layer) in network.Children)
        {
            bool isConvolution = layer is HypergraphConv;
            uses.Add(run.Use(layer, isConvolution ? _ => name : parameter => $"{name}.{parameter}", transposed: isConvolution));
        }
        try
        {
            HyperAgentLatent latent = network.Encode(run.Input("x"), anchor);
            Tensor logits = network.Logits(latent.Sample(run.Input("eps")), anchor, source.Int("task_node"));
            Tensor soft = HyperAgent.SoftIncidence(logits, run.Input("u"), (float)source.Number("temperature", 0.5));
            HyperAgentLoss loss = new((float)source.Number("beta", 0.1), (float)source.Number("sparsity_weight", 0.05));
            return new Dictionary<string, Tensor>
            {
                ["mu"] = latent.Mean,
                ["log_sigma"] = latent.LogDeviation,
                ["incidence"] = soft,
                ["reconstruction"] = HyperAgentLoss.Reconstruction(logits, anchor.Incidence),
                ["kl"] = latent.Divergence(),
                ["sparsity"] = HyperAgentLoss.Sparsity(soft),
                ["total"] = loss.Loss(logits, soft, latent, anchor.Incidence),
            };
        }
        finally
        {
            uses.Reverse();
            uses.ForEach(static use => use.Dispose());
        }
    }
}
