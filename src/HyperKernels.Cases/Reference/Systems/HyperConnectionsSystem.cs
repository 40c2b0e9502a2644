using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Blocks between residual streams: a whole stack in the paper's form, or one of a port, whose streams lie inside the batch axis.</summary>
public sealed class HyperConnectionsSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Hyper-Connections";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run) => run.HasInput("streams") ? Port(run) : Stack(run);

    private static Dictionary<string, Tensor> Stack(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int size, int streams, int hidden) = (source.Int("dim"), source.Int("streams"), source.Int("hidden"));
        Tensor h = HyperConnection.Expand(run.Input("x"), streams);
        for (int index = 0; index < source.Int("layers"); index++)
        {
            TensorLayer block = new Sequential(new Linear(size, hidden, bias: false), new Silu(), new Linear(hidden, size, bias: false));
            HyperConnection layer = run.Own(new HyperConnection(block, size, streams, index, source.Flag("dynamic", run.HasParameter($"layer{index}.dynamic_alpha"))));
            using IDisposable weights = Use(run, layer, name => $"layer{index}." + name switch
            {
                "block.0.weight" => "block.w1",
                "block.2.weight" => "block.w2",
                "norm_gain" => "norm.weight",
                "norm_shift" => "norm.bias",
                _ => name,
            });
            h = layer.Forward(h);
        }
        return new Dictionary<string, Tensor> { ["y"] = HyperConnection.Merge(h) };
    }

    private static Dictionary<string, Tensor> Port(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int size, int streams) = (source.Int("dim"), source.Int("streams"));
        TensorLayer branch = new Sequential(new Linear(size, size), new Silu());
        bool isDynamic = run.HasParameter("dynamic_alpha_fn");
        HyperConnection layer = run.Own(new HyperConnection(
            branch, size, streams, source.Int("layer_index", 0), isDynamic, StreamNorm.Length, source.Flag("tanh", true) ? Activation.Tanh : Activation.None));
        using IDisposable weights = Use(run, layer, static name => name switch
        {
            "block.0.weight" => "branch.weight",
            "block.0.bias" => "branch.bias",
            "norm_gain" => "norm.gamma",
            "dynamic_alpha" => "dynamic_alpha_fn",
            "dynamic_beta" => "dynamic_beta_fn",
            "alpha_scale" => "dynamic_alpha_scale",
            "beta_scale" => "dynamic_beta_scale",
            _ => name,
        });
        Tensor stored = run.Input("streams");
        (int batch, int steps) = (stored.Shape[0] / streams, stored.Shape[1]);
        Tensor h = Ops.Permute(Ops.Reshape(stored, batch, streams, steps, size), 0, 2, 1, 3);
        return new Dictionary<string, Tensor>
        {
            ["branch_input"] = layer.Mix(h).Read,
            ["y"] = Ops.Reshape(Ops.Permute(layer.Forward(h), 0, 2, 1, 3), stored.Shape),
        };
    }

    // Matrices are stored (in, out), scales as numbers; the equations' own A is what comes on top of [0 | I].
    private static IDisposable Use(ReferenceRun run, HyperConnection layer, Func<string, string> nameOf)
    {
        bool isPort = layer.Norm == StreamNorm.Length;
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            Tensor value = run.Parameter(nameOf(name));
            values.Add(parameter, name switch
            {
                "dynamic_alpha" => Ops.Transpose(value),
                "static_alpha" when !isPort => Ops.Add(value, Passing(layer.Streams, run.Device)),
                _ => Ops.Reshape(value, parameter.Shape),
            });
        }
        return ParameterOverrides.Use(values);
    }

    private static Tensor Passing(int streams, Device device)
    {
        float[] values = new float[streams * (streams + 1)];
        for (int row = 0; row < streams; row++)
        {
            values[(row * (streams + 1)) + 1 + row] = 1;
        }
        return Tensor.From(values, [streams, streams + 1], device);
    }
}
