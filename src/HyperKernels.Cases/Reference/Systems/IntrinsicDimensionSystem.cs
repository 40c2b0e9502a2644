using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A multilayer perceptron in a given subspace.</summary>
public sealed class IntrinsicDimensionSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Intrinsic dimension";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Activation activation = source.Text("act", "tanh") switch
        {
            "tanh" => Activation.Tanh,
            "relu" => Activation.Relu,
            string other => throw new InvalidDataException($"{source.Path}: the activation \"{other}\" is not known."),
        };
        int latent = source.Int("latent");
        ProjectedNetwork network = run.Own(IntrinsicDimension.For(
            new Mlp(source.Ints("dims"), activation, random: new RandomStream(0)), latent, kind: ProjectionKind.Given));
        Dictionary<Parameter, Tensor> values = new() { [network.Latent] = Ops.Reshape(run.Parameter("latent"), 1, latent) };
        TargetManifest manifest = network.Network.Manifest;
        for (int i = 0; i < manifest.Entries.Count; i++)
        {
            ManifestEntry entry = manifest.Entries[i];
            values.Add(network.Emission.Projections[i], Ops.Slice(run.Input("projection"), 0, entry.Offset, entry.Count));
            values.Add(network.Emission.Base[i], Ops.Reshape(Ops.Slice(run.Input("theta0"), 0, entry.Offset, entry.Count), entry.Shape));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        return new Dictionary<string, Tensor>
        {
            ["y"] = network.Forward(run.Input("x")),
            ["theta"] = Ops.Reshape(network.Network.Generate(), manifest.Count),
        };
    }
}
