using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A conditional transport map with its critic; the loss is their saddle objective.</summary>
public sealed class TransportMapSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Conditional transport maps";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        TransportCondition condition = new(source.Int("kinds"), source.Int("embed"), source.Int("freqs"), new RandomStream(0));
        TransportMap layer = run.Own(new TransportMap(condition, source.Int("dx"), source.Int("dz"), source.Int("hidden"), source.Int("hyper"), new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "map.conditioning.kinds" => "embed.weight",
            _ => name[..name.IndexOf('.', StringComparison.Ordinal)] + ".hyper." + HyperTargets.TwoLayers(name[(name.IndexOf('.', StringComparison.Ordinal) + 1)..])[6..],
        });
        (Tensor x, Tensor y, Tensor kinds, Tensor numbers) = (run.Input("x"), run.Input("y"), run.Input("kind"), run.Input("cont"));
        Tensor moved = layer.Forward(x, run.Input("noise"), kinds, numbers);
        (Tensor ofMoved, Tensor ofOthers) = (layer.Judge(moved, kinds, numbers), layer.Judge(y, kinds, numbers));
        return new Dictionary<string, Tensor>
        {
            ["T"] = moved, ["critic_T"] = ofMoved, ["critic_y"] = ofOthers, ["loss"] = TransportMap.Objective(x, moved, ofMoved, ofOthers),
        };
    }
}
