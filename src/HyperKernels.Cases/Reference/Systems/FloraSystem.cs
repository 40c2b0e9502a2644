using System.Text.Json;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Linear layers and convolutions with a change of low Tucker rank; sizes follow from the tensors.</summary>
public sealed class FloraSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "FLoRA";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        Shape weight = run.Parameter("base_layer.weight").Shape;
        bool bias = run.HasParameter("base_layer.bias");
        (int stride, int padding, int dilation) = (source.Int("stride", 1), source.Int("pad", 0), source.Int("dil", source.Int("dilation", 1)));
        TensorLayer target = weight.Rank switch
        {
            2 => new Linear(weight[1], weight[0], bias),
            3 => new Conv1d(weight[1], weight[0], weight[2], stride, padding, dilation, 1, bias),
            4 => new Conv2d(weight[1], weight[0], (weight[2], weight[3]), new Conv2dOptions(stride, padding, dilation), bias),
            _ => throw new InvalidDataException($"{source.Path}: base_layer.weight must be [O, I] or [O, I, ...] with one or two axes of kernels; it is {weight}."),
        };
        bool isOneForAll = source.Config.TryGetProperty("r", out JsonElement given) && given.ValueKind == JsonValueKind.Number;
        int[] ranks = isOneForAll ? [.. Enumerable.Repeat(source.Int("r"), weight.Rank)] : source.Ints("r");
        Flora layer = run.Own(new Flora(target, ranks, (float)source.Number("scale", 1), random: new RandomStream(0)));
        using IDisposable weights = run.Use(layer, static name => name switch
        {
            "network.emission.base.weight" => "base_layer.weight",
            "network.emission.core0" => "flora_layer.param_G",
            "network.target.bias" => "base_layer.bias",
            _ => name.Replace("network.emission.factor0_", "flora_layer.param_", StringComparison.Ordinal),
        });
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(run.Input("x")),
            ["delta"] = layer.Emission.Delta(0, default).Materialize(),
        };
    }
}
