using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A mixture whose gate a hypernetwork makes.</summary>
public sealed class HyperRouterSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperRouter";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int size, int experts) = (source.Int("dim"), source.Int("experts"));
        SparseMixture layer = run.Own(new SparseMixture(
            new HyperGate(size, experts, source.Int("hyper"), random: new RandomStream(0)),
            new ExpertMlp(experts, size, source.Int("hidden"), size),
            source.Int("k")));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "gate.embedding" => "embedding",
            "experts.weight1" => "expert.w1",
            "experts.bias1" => "expert.b1",
            "experts.weight2" => "expert.w2",
            "experts.bias2" => "expert.b2",
            _ => name.Replace("gate.first", "hypernet.0", StringComparison.Ordinal).Replace("gate.second", "hypernet.2", StringComparison.Ordinal),
        });
        Tensor x = run.Input("x");
        Routing routing = layer.Route(x);
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Mix(x, routing), ["logits"] = routing.Logits, ["gates"] = routing.Gates, ["topk"] = routing.Experts,
        };
    }
}
