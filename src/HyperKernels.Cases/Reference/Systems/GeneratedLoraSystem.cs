using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A linear layer with a generated LoRA for every sample.</summary>
public sealed class GeneratedLoraSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Generated LoRA";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int rank = source.Int("rank");
        Linear linear = new(source.Int("in"), source.Int("out"), run.HasParameter("base.bias"));
        float alpha = (float)source.Number("alpha", rank);
        GeneratedLora layer = run.Own(GeneratedLora.For(linear, Condition.Raw("latent", source.Int("latent")), rank, alpha, random: new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "network.emission.base.weight" => "base.weight",
            "network.target.bias" => "base.bias",
            _ => name.Replace("network.emission.a0", "gen_a", StringComparison.Ordinal).Replace("network.emission.b0", "gen_b", StringComparison.Ordinal),
        });
        Tensor latent = run.Input("latent");
        (Tensor a, Tensor b) = layer.Emission.Factors(0, latent);
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), latent), ["A"] = a, ["B"] = b };
    }
}
