using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A layer of a mixture of supernets, cut to a sub-network.</summary>
public sealed class SupernetSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "Mixture-of-Supernets";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        SupernetRouting routing = source.Text("routing", "layer") switch
        {
            "layer" => SupernetRouting.Layer,
            "neuron" => SupernetRouting.Neuron,
            string other => throw new InvalidDataException($"{source.Path}: the routing must be layer or neuron; it is \"{other}\"."),
        };
        (int inputs, int outputs) = (source.Int("in"), source.Int("out"));
        SupernetLinear layer = run.Own(new SupernetLinear(
            inputs, outputs, source.Int("arch"), source.Int("experts", 2), source.Int("hidden"), routing, run.HasParameter("experts.bias")));
        using IDisposable weights = run.Use(layer, static name => name is "weight" or "bias" ? $"experts.{name}" : name);
        Tensor architecture = run.Input("arch");
        int used = source.Int("sub_out", outputs);
        (Weight weight, Tensor? bias) = layer.Mix(architecture, source.Int("sub_in", inputs), used);
        Tensor coefficients = layer.Coefficients(architecture, used);
        Dictionary<string, Tensor> answers = new()
        {
            ["y"] = layer.Forward(run.Input("x"), architecture, used),
            ["weight"] = weight.Materialize(),
            ["coefficients"] = architecture.Rank == 1 ? Ops.Reshape(coefficients, coefficients.Shape.Remove(0)) : coefficients,
        };
        if (bias is { } added)
        {
            answers.Add("bias", added);
        }
        return answers;
    }
}
