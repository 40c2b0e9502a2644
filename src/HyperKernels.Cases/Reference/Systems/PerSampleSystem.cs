using System.Text.Json;
using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>A small hypernetwork whose target runs with one weight set per sample: an MLP or a convolution.</summary>
public sealed class PerSampleSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "per-sample hypernetwork";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Activation activation = HyperTargets.Activation(source, source.Text("hyper_activation", "relu"));
        int layers = Enumerable.Range(0, int.MaxValue).First(i => !run.HasParameter($"hyper{i}.weight"));
        Tensor condition = run.Input("cond");
        HyperNetwork network = run.Own(HyperNetwork.For(
            run.Own(Target(source)),
            Condition.Raw("cond", condition.Shape[1]),
            [.. Enumerable.Range(0, layers - 1).Select(i => run.Parameter($"hyper{i}.weight").Shape[0])],
            options: new HyperNetworkOptions
            {
                Activation = activation,
                Base = run.HasParameter($"hyper{layers - 1}.bias") ? BaseWeights.Zero : BaseWeights.None,
                Random = new RandomStream(0),
            }));
        using IDisposable weights = HyperTargets.Use(run, network, name => name
            .Replace("generator.hidden", "hyper", StringComparison.Ordinal)
            .Replace("emission.weight", $"hyper{layers - 1}.weight", StringComparison.Ordinal)
            .Replace("emission.theta0", $"hyper{layers - 1}.bias", StringComparison.Ordinal));
        return new Dictionary<string, Tensor>
        {
            ["theta"] = network.Generate(condition),
            ["y"] = network.Forward(run.Input("x"), condition),
        };
    }

    private static Layer Target(ReferenceCase source)
    {
        if (source.Config.TryGetProperty("target", out JsonElement sizes))
        {
            Activation activation = HyperTargets.Activation(source, source.Text("target_activation", "relu"));
            return new Mlp([.. sizes.EnumerateArray().Select(static size => size.GetInt32())], activation);
        }
        return new Conv2d(
            source.Int("cin"), source.Int("cout"), source.Int("kernel"), source.Int("stride", 1), source.Int("pad", 0), source.Int("dilation", 1), source.Int("groups", 1));
    }
}
