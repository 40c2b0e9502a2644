using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A static hypernetwork that makes one kernel of the paper's form, from an embedding that comes in.</summary>
public sealed class StaticHyperNetworkSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "static hypernetwork (CNN)";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int inputs, int outputs, int embedding) = (source.Int("nin"), source.Int("nout"), source.Int("nz"));
        Conv2d target = new(inputs, outputs, source.Int("f"), source.Int("stride", 1), source.Int("pad", source.Int("f") / 2), bias: false);
        StaticKernelEmission emission = new(TargetManifest.Of(target), outputs, inputs, source.Int("d"), Rows(source), new RandomStream(0));
        HyperNetwork network = run.Own(new HyperNetwork(
            target, new DeclaredConditioning([Condition.Raw("z", embedding)]), StaticHyperNetwork.Generator(emission, embedding, new RandomStream(0)), emission));
        using IDisposable weights = Use(network, name => name switch
        {
            "generator.hidden0.weight" => run.Parameter("w_in"),
            "generator.hidden0.bias" => run.Parameter("b_in"),
            "emission.weight" => run.Parameter("w_out"),
            _ => run.Parameter("b_out"),
        });
        Tensor z = run.Input("z");
        return Results(run, network, z.Rank == 1 ? Ops.Reshape(z, 1, embedding) : z);
    }

    /// <summary>Makes the network compute with the case's values, which may have other axes before the last.</summary>
    internal static IDisposable Use(HyperNetwork network, Func<string, Tensor> valueOf) => ParameterOverrides.Use(
        network.NamedParameters().ToDictionary(static named => named.Parameter, named => Ops.Reshape(valueOf(named.Name), named.Parameter.Shape)));

    /// <summary>The generated kernel, and what it makes of the input.</summary>
    internal static Dictionary<string, Tensor> Results(ReferenceRun run, HyperNetwork network, params ReadOnlySpan<Tensor> conditions)
    {
        Shape shape = network.Manifest.Entries[0].Shape;
        Tensor kernels = network.Generate(conditions);
        return new Dictionary<string, Tensor>
        {
            ["kernel"] = Ops.Reshape(kernels, kernels.Shape[0] == 1 ? shape : shape.Insert(0, kernels.Shape[0])),
            ["y"] = network.Forward(run.Input("x"), conditions),
        };
    }

    private static KernelRows Rows(ReferenceCase source) => source.Text("rows", "input channels") switch
    {
        "input channels" => KernelRows.InputChannels,
        "output channels" => KernelRows.OutputChannels,
        string other => throw new InvalidDataException($"{source.Path}: rows of \"{other}\" are not known."),
    };
}
