using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A SIREN for every latent vector, evaluated on one grid.</summary>
public sealed class FunctionHyperNetworkSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "INR hypernetwork";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Siren target = run.Own(new Siren(source.Ints("dims"), (float)source.Number("w0", 30), (float)source.Number("w", 30), new RandomStream(0)));
        Tensor latent = run.Input("latent");
        HyperNetwork network = run.Own(FunctionHyperNetwork.For(target, latent.Shape[1], [source.Int("hyper")], new RandomStream(0)));
        using IDisposable weights = HyperTargets.Use(run, network, HyperTargets.TwoLayers);
        return new Dictionary<string, Tensor>
        {
            ["theta"] = network.Generate(latent),
            ["y"] = FunctionHyperNetwork.Evaluate(network, run.Input("coords"), latent),
        };
    }
}
