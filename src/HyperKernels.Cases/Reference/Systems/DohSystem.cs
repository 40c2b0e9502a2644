using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Coordinate networks whose layers are given projections of one latent.</summary>
public sealed class DohSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "D'OH";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Siren target = new(source.Ints("dims"), (float)source.Number("w0", 30), (float)source.Number("w", 30), new RandomStream(0));
        int latent = source.Int("latent");
        ProjectedNetwork network = run.Own(Doh.For(target, latent, kind: ProjectionKind.Given, random: new RandomStream(0)));
        Dictionary<Parameter, Tensor> values = new() { [network.Latent] = Ops.Reshape(run.Parameter("latent"), 1, latent) };
        for (int i = 0; i < network.Emission.Projections.Count; i++)
        {
            // A weight and a bias for each layer.
            values.Add(network.Emission.Projections[i], run.Input($"projection.{i / 2}.{(i % 2 == 0 ? "weight" : "bias")}"));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Dictionary<string, Tensor> outputs = new() { ["y"] = network.Forward(run.Input("coords")) };
        using IDisposable generated = network.Network.Apply();
        for (int i = 0; i < target.Layers.Count; i++)
        {
            outputs.Add($"weight.{i}", target.Layers[i].Weight.Value);
            outputs.Add($"bias.{i}", target.Layers[i].Bias!.Value);
        }
        return outputs;
    }
}
