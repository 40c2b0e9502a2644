using HyperKernels.Layers;

namespace HyperKernels.Interchange;

/// <summary>
/// A network that was read from an ONNX model: the model's nodes in their order, those with weights as ordinary layers. It trains, is a
/// hypernetwork's target, and is written as ONNX again like any other.
/// </summary>
/// <remarks>
/// Layers are called after their weights in the model: <c>conv1.weight</c> makes <c>conv1</c>, with underscores for dots. Files with such a
/// network are read once its class is known: <c>LayerTypes.Register&lt;OnnxNetwork&gt;()</c>, which <see cref="OnnxFile.Read"/> does too.
/// </remarks>
public sealed class OnnxNetwork : TensorLayer, IStoredLayer<OnnxNetwork>
{
    private readonly OnnxStep[] _steps;
    private readonly TensorLayer?[] _layers;
    private readonly Tensor[] _constants;
    private readonly int _output;

    /// <param name="steps">What is computed, in order.</param>
    /// <param name="layers">The layers of the steps that are layers, in order.</param>
    /// <param name="output">Which value is the answer.</param>
    internal OnnxNetwork(IReadOnlyList<OnnxStep> steps, IReadOnlyList<TensorLayer> layers, int output)
    {
        _steps = [.. steps];
        _layers = new TensorLayer?[_steps.Length];
        _constants = new Tensor[_steps.Length];
        _output = output;
        if (output < 0 || output > _steps.Length || layers.Count != _steps.Count(static step => step.Op == OnnxOp.Layer))
        {
            throw new FormatException($"the steps need {_steps.Count(static step => step.Op == OnnxOp.Layer)} layers and an output among them; got {layers.Count} and {output}.");
        }
        int next = 0;
        for (int i = 0; i < _steps.Length; i++)
        {
            OnnxStep step = _steps[i];
            step.Check(i);
            if (step.Op == OnnxOp.Layer)
            {
                _layers[i] = Add(step.Name, layers[next++]);
            }
            else if (step.Op == OnnxOp.Constant)
            {
                _constants[i] = AddBuffer(step.Name, new Shape(step.Ints), 0);
            }
        }
    }

    internal IReadOnlyList<OnnxStep> Steps => _steps;

    internal int OutputValue => _output;

    /// <summary>Computes the model's output.</summary>
    /// <param name="input">What the model takes.</param>
    /// <exception cref="ArgumentException">The input does not fit a step; the message comes from that.</exception>
    /// <remarks>Differentiable where the model's operators are.</remarks>
    public override Tensor Forward(Tensor input)
    {
        Tensor[] values = new Tensor[_steps.Length + 1];
        values[0] = input;
        for (int i = 0; i < _steps.Length; i++)
        {
            values[i + 1] = Run(i, values);
        }
        return values[_output];
    }

    internal Tensor Run(int step, ReadOnlySpan<Tensor> values) => _steps[step].Op switch
    {
        OnnxOp.Layer => _layers[step]!.Forward(values[_steps[step].Inputs[0]]),
        OnnxOp.Constant => _constants[step],
        _ => _steps[step].Run(values),
    };

    internal TensorLayer? LayerOf(int step) => _layers[step];

    internal Tensor ConstantOf(int step) => _constants[step];

    static string IStoredLayer<OnnxNetwork>.TypeName => "OnnxNetwork";

    static OnnxNetwork IStoredLayer<OnnxNetwork>.Read(LayerSettings settings) => new(
        settings.Groups("steps", static step => new OnnxStep(
            step.Choice<OnnxOp>("op"), step.Text("name"), step.Ints("inputs"), step.Ints("ints"),
            step.Has("low") ? [step.Number("low"), step.Number("high")] : [])),
        settings.Layers<TensorLayer>("layers"),
        settings.Int("output"));

    void IStoredLayer<OnnxNetwork>.WriteSettings(LayerSettings settings) => settings
        .SetGroups("steps", _steps, static (step, group) =>
        {
            group.Set("op", step.Op).Set("name", step.Name).Set("inputs", step.Inputs).Set("ints", step.Ints);
            if (step.Floats.Length > 0)
            {
                group.Set("low", step.Floats[0]).Set("high", step.Floats[1]);
            }
        })
        .SetLayers("layers", _layers.OfType<TensorLayer>())
        .Set("output", _output);
}
