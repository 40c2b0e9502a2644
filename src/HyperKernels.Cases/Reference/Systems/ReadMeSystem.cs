using System.Globalization;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Residual gated blocks whose experts are cut by activation, with one decision for all layers, given as logits.</summary>
public sealed class ReadMeSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Read-ME";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int features, int hidden) = (source.Int("dim"), source.Int("hidden"));
        RowGroups decision = NeuronMaskExperts.Decide(run.Input("cluster_logits"));
        Tensor x = run.Input("x");
        Dictionary<string, Tensor> outputs = new() { ["cluster"] = Tensor.From(decision.GroupOfRow, x.Shape.Remove(2), run.Device) };
        for (int layer = 0; layer < source.Int("layers"); layer++)
        {
            string at = layer.ToString(CultureInfo.InvariantCulture);
            bool[][] masks = NeuronMaskExperts.MasksOf(run.Input("activation." + at), source.Number("remain_rate", 0.5));
            NeuronMaskExperts experts = run.Own(new NeuronMaskExperts(new GatedMlp(features, hidden, new RandomStream(0)), masks));
            using (run.Use(experts.Block, name => $"layers.{at}.{name}"))
            {
                x = Ops.Add(x, experts.Forward(x, decision));
            }
            int[] shared = new int[hidden];
            foreach (int neuron in experts.Shared)
            {
                shared[neuron] = 1;
            }
            int[] kept = [.. masks.SelectMany(static mask => mask.Select(static isKept => isKept ? 1 : 0))];
            outputs["mask." + at] = Tensor.From(kept, [masks.Length, hidden], run.Device);
            outputs["shared." + at] = Tensor.From(shared, [hidden], run.Device);
        }
        outputs["y"] = x;
        return outputs;
    }
}
