using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>HypeBoy's encoder and the loss of filling hyperedges.</summary>
public sealed class HypeBoySystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "hypeboy";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        Hypergraph graph = run.Own(new Hypergraph(run.Incidence()));
        int channels = run.Case.Int("channels");
        HypeBoyEncoder encoder = run.Own(new HypeBoyEncoder(run.Case.Int("c_in"), channels, Layers(run), dropout: 0));
        HyperedgeFilling filling = run.Own(new HyperedgeFilling(channels));
        using (run.Use(encoder, NameOf))
        using (run.Use(filling, static name => name.Replace(".0.", ".W1.", StringComparison.Ordinal).Replace(".2.", ".W2.", StringComparison.Ordinal)))
        {
            Tensor embedding = encoder.Forward(run.Input("x"), graph);
            return new Dictionary<string, Tensor> { ["embedding"] = embedding, ["loss_value"] = filling.Loss(embedding, graph.Incidence) };
        }
    }

    // linear.bias is encoder.convs.0.bias, layer2.W.weight is encoder.convs.2.W.weight.
    private static string NameOf(string name) => "encoder.convs." + (
        name.StartsWith("layer", StringComparison.Ordinal) ? name["layer".Length..] : name.Replace("linear", "0", StringComparison.Ordinal));

    private static int Layers(ReferenceRun run)
    {
        int layers = 0;
        while (run.HasParameter($"encoder.convs.{layers + 1}.W.weight"))
        {
            layers++;
        }
        return layers;
    }
}
