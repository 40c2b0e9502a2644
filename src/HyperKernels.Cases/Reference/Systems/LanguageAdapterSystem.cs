using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Adapters for pairs of languages, one pair for every sample.</summary>
public sealed class LanguageAdapterSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Hyper-Adapters MT";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        LanguageAdapter layer = run.Own(new LanguageAdapter(
            source.Int("dim"), source.Int("bottleneck"), source.Int("languages"), source.Int("layers"), source.Int("embed"), source.Int("hyper"), new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "languages" => "language.weight",
            "layers" => "layer.weight",
            "first.weight" => "block.w1",
            "first.bias" => "block.b1",
            "second.weight" => "block.w2",
            "second.bias" => "block.b2",
            "gain.head.weight" => "head.scale.weight",
            _ when name.EndsWith(".head.weight", StringComparison.Ordinal) => $"head.{name[..^".head.weight".Length]}.weight",
            _ => name,
        });
        Adapter adapter = layer.Generate(run.Input("source_language"), run.Input("target_language"), source.Int("layer_id"));
        return new Dictionary<string, Tensor> { ["y"] = adapter.Apply(run.Input("x"), Activation.Relu), ["down"] = adapter.Down.Materialize() };
    }
}
