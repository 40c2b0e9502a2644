using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Adapters made row by row of an instruction, one for every sample.</summary>
public sealed class HintSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HINT";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        HintGenerator layer = run.Own(new HintGenerator(run.Case.Int("dim"), run.Case.Int("adapter"), random: new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "components" => "component.weight",
            "query" or "key" or "value" => $"attn.{name[0]}",
            _ => (name.EndsWith("_first", StringComparison.Ordinal) ? name[..^"_first".Length] + ".w1" : name[..^"_second".Length] + ".w2")
                .Replace("down_bias", "bias_down", StringComparison.Ordinal).Replace("up_bias", "bias_up", StringComparison.Ordinal),
        });
        Adapter adapter = layer.Generate(run.Input("instruction"));
        return new Dictionary<string, Tensor>
        {
            ["y"] = adapter.Apply(run.Input("x"), Activation.Relu),
            ["down"] = adapter.Down.Materialize(),
            // Stored as the rows that are generated.
            ["up"] = Ops.Permute(adapter.Up.Materialize(), 0, 2, 1),
        };
    }
}
