using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>ARM-Net in training mode, with its gates, weights and crossed embeddings.</summary>
public sealed class ArmNetSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "ARM-Net";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        int width = source.Int("mlp");
        ArmNetOptions options = new()
        {
            Heads = source.Int("heads", 1),
            Neurons = source.Int("neurons"),
            Alpha = (float)source.Number("alpha", 1.7),
            HiddenLayers = HiddenLayers(run, "mlp"),
            HiddenFeatures = width,
            Ensemble = source.Flag("ensemble", run.HasParameter("ensemble_layer.weight")),
            DeepLayers = HiddenLayers(run, "deep_mlp"),
            DeepFeatures = run.HasParameter("deep_mlp.mlp.1.bias") ? (int)run.Parameter("deep_mlp.mlp.1.bias").Count : width,
        };
        ArmNet network = run.Own(new ArmNet(source.Int("features"), source.Int("fields"), source.Int("embed"), options, new RandomStream(0)));
        using IDisposable weights = run.Use(network, static name => name
            .Replace("relations.bilinear", "attn_layer.bilinear_w", StringComparison.Ordinal)
            .Replace("relations.queries", "attn_layer.query", StringComparison.Ordinal)
            .Replace("relations.", "attn_layer.", StringComparison.Ordinal)
            .Replace("embedding.", "embedding.embedding.", StringComparison.Ordinal)
            .Replace("norm.", "arm_bn.", StringComparison.Ordinal)
            .Replace("mlp.", "mlp.mlp.", StringComparison.Ordinal)
            .Replace("join.", "ensemble_layer.", StringComparison.Ordinal));
        (Tensor ids, Tensor values) = (run.Input("id"), run.Input("value"));
        Tensor embedded = network.Embed(ids, values);
        Tensor gates = network.Relations.Gates(embedded);
        return new Dictionary<string, Tensor>
        {
            ["gates"] = gates,
            ["weights"] = network.Relations.Weights(gates),
            ["cross"] = network.Relations.Forward(embedded),
            ["y"] = network.Forward(ids, values),
        };
    }

    // Linear, batch norm, ReLU and dropout; then the last linear layer.
    private static int HiddenLayers(ReferenceRun run, string name)
    {
        int layers = 0;
        while (run.HasParameter($"{name}.mlp.{(4 * layers) + 1}.weight"))
        {
            layers++;
        }
        return layers;
    }
}
