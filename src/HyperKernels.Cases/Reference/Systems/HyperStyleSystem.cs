using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A modulated convolution with offsets of its own head, or of the generator that convolutions share.</summary>
public sealed class HyperStyleSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "HyperStyle";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        (int inputs, int outputs, int k, int code) = (source.Int("in"), source.Int("out"), source.Int("k"), source.Int("code"));
        RandomStream random = new(0);
        ModulatedConv layer = run.Own(new ModulatedConv(
            inputs, outputs, k, source.Int("style"), source.Flag("demod", true), source.Flag("upsample", false), random));
        // A shared generator may give one number for all taps.
        KernelOffsets offsets = run.Own<KernelOffsets>(source.Flag("shared", run.HasParameter("hyper.w1"))
            ? new SharedOffsets(code, inputs, outputs, (int)Math.Sqrt(run.Parameter("hyper.b1").Count / outputs), random)
            : new ChannelOffsets(code, inputs, outputs, random));
        Dictionary<Parameter, Tensor> values = new()
        {
            [layer.Weight] = Ops.Reshape(run.Parameter("weight"), layer.Weight.Shape),
            [layer.Modulation.Weight] = run.Parameter("modulation.weight"),
            [layer.Modulation.Bias] = run.Parameter("modulation.bias"),
        };
        if (offsets is SharedOffsets shared)
        {
            values.Add(shared.First.Weight, Ops.Transpose(run.Parameter("hyper.w2")));
            values.Add(shared.First.Bias!, run.Parameter("hyper.b2"));
            values.Add(shared.Second.Weight, Ops.Transpose(run.Parameter("hyper.w1")));
            values.Add(shared.Second.Bias!, run.Parameter("hyper.b1"));
        }
        else
        {
            Linear head = ((ChannelOffsets)offsets).Head;
            values.Add(head.Weight, run.Parameter("head.weight"));
            values.Add(head.Bias!, run.Parameter("head.bias"));
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        Tensor delta = offsets.Forward(run.Input("code"));
        return new Dictionary<string, Tensor>
        {
            ["y"] = layer.Forward(run.Input("x"), run.Input("style"), delta),
            ["delta"] = Ops.BroadcastTo(delta, [delta.Shape[0], outputs, inputs, k, k]),
        };
    }
}
