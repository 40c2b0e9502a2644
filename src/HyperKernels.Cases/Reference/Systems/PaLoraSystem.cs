using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Linear layers and convolutions with a change of low rank per task; sizes follow from the tensors.</summary>
public sealed class PaLoraSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "PaLoRA";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        // The authors' convolution wraps one.
        string own = run.HasParameter("conv.weight") ? "conv." : "";
        Tensor weight = run.Parameter(own + "weight");
        TensorLayer target = Target(source, weight.Shape, run.HasParameter(own + "bias"));
        Tensor preference = run.Input("preference");
        int tasks = preference.Shape[-1];
        int rank = source.Int("rank");
        PaLora layer = run.Own(new PaLora(target, tasks, rank, (float)source.Number("alpha", 1), random: new RandomStream(0)));
        Tensor Stacked(string name, Parameter place) =>
            Ops.Reshape(Ops.Stack(0, [.. Enumerable.Range(0, tasks).Select(task => run.Parameter($"{name}.{task}"))]), place.Shape);
        (Parameter a, Parameter b) = (layer.Emission.FactorsA[0], layer.Emission.FactorsB[0]);
        Dictionary<Parameter, Tensor> values = new()
        {
            [layer.Emission.Base[0]] = weight,
            [a] = Stacked("lora_A", a),
            [b] = Stacked("lora_B", b),
        };
        foreach (NamedParameter bias in target.Find("bias"))
        {
            values.Add(bias.Parameter, run.Parameter(own + "bias"));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        return new Dictionary<string, Tensor> { ["y"] = layer.Forward(run.Input("x"), preference) };
    }

    private static TensorLayer Target(ReferenceCase source, Shape weight, bool bias)
    {
        (int stride, int padding) = (source.Int("stride", 1), source.Int("pad", 0));
        (int dilation, int groups) = (source.Int("dil", source.Int("dilation", 1)), source.Int("groups", 1));
        return weight.Rank switch
        {
            2 => new Linear(weight[1], weight[0], bias),
            4 => new Conv2d(weight[1] * groups, weight[0], (weight[2], weight[3]), new Conv2dOptions(stride, padding, dilation, groups), bias),
            _ => throw new InvalidDataException($"{source.Path}: the weight must be [O, I] or [O, I / groups, K, K]; it is {weight}."),
        };
    }
}
