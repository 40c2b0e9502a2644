using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>HyperFormer's interaction, with the statistics of the batch and a given order.</summary>
public sealed class HyperFormerInteractionSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hyperformer";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        (int width, int height) = (run.Case.Int("width"), run.Case.Int("height"));
        int[] order = run.Ints("permutation");
        HyperFormerInteractionOptions options = new()
        {
            Channels = run.Case.Int("channels", otherwise: 96),
            KernelSize = run.Case.Int("kernel", otherwise: 9),
            Permutations = order.Length / (2 * width * height),
            InputDropout = 0,
            FeatureDropout = 0,
            HiddenDropout = 0,
        };
        HyperFormerInteraction layer = run.Own(new HyperFormerInteraction(width, height, options, order));
        using (run.Use(layer))
        {
            (Tensor entity, Tensor relation, Tensor qualifier) = layer.Forward(run.Input("entity"), run.Input("relation"), run.Input("qualifier"));
            return new Dictionary<string, Tensor> { ["entity"] = entity, ["relation"] = relation, ["qualifier"] = qualifier };
        }
    }
}
