using HyperKernels.Layers;

namespace HyperKernels.PublicTests;

/// <summary>
/// A layer as a user writes one: <c>y = gain * (W x + b) * sigmoid(gate(x))</c>, with a parameter of its own, a layer of the library's and one that
/// it is given.
/// </summary>
public sealed class GatedBlock : TensorLayer, IStoredLayer<GatedBlock>
{
    private readonly Linear _linear;
    private readonly TensorLayer _gate;
    private readonly Parameter _gain;

    public GatedBlock(int features, TensorLayer gate)
    {
        _linear = Add("linear", new Linear(features, features));
        _gate = Add("gate", gate);
        _gain = AddParameter("gain", [features], Initializer.Ones, role: ParameterRole.Gain);
    }

    public static string TypeName => "PublicTests.GatedBlock";

    public static GatedBlock Read(LayerSettings settings) => new(settings.Int("features"), settings.Layer<TensorLayer>("gate"));

    public void WriteSettings(LayerSettings settings) => settings.Set("features", _linear.InFeatures).SetLayer("gate", _gate);

    public override Tensor Forward(Tensor input)
    {
        Tensor gain = _gain.Value;
        Tensor gated = Ops.Multiply(_linear.Forward(input), Ops.Sigmoid(_gate.Forward(input)));
        if (gain.Rank == 1)
        {
            return Ops.Multiply(gated, gain);
        }
        // One gain for each of the sets that a hypernetwork generates, each for as many consecutive samples.
        Tensor samples = Ops.Reshape(gated, gain.Shape[0], -1, gain.Shape[1]);
        return Ops.Reshape(Ops.Multiply(samples, Ops.Reshape(gain, gain.Shape[0], 1, gain.Shape[1])), gated.Shape);
    }
}
