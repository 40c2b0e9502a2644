using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>A network found by training a code; the decoder, a perceptron with tanh per token, is an input of the case.</summary>
public sealed class SwatSystem : IReferenceSystem
{
    /// <inheritdoc/>
    public string Name => "SWAT-NN";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        ReferenceCase source = run.Case;
        SoftMlpLayout layout = new(source.Int("rows", 7), source.Int("hidden_layers"));
        int latent = source.Int("latent", 768);
        Mlp decoder = new([latent, source.Int("decoder"), layout.Columns], Activation.Tanh);
        LatentNetwork network = run.Own(new LatentNetwork(
            decoder, source.Int("in"), latent, layout.HiddenLayers, layout.Rows, (float)source.Number("sharp", 200)));
        Dictionary<Parameter, Tensor> values = [];
        foreach ((string name, Parameter parameter) in network.NamedParameters())
        {
            values.Add(parameter, name.Split('.') switch
            {
                ["decoder", "0", string kind] => run.Input($"decoder.0.{kind}"),
                ["decoder", _, string kind] => run.Input($"decoder.1.{kind}"),
                _ => run.Parameter(name),
            });
        }
        using IDisposable weights = ParameterOverrides.Use(values);
        float temperature = (float)source.Number("temperature", 1);
        Tensor input = run.Input("x");
        SoftMlp decoded = network.Decode(temperature);
        (Tensor total, Tensor error) = network.Loss(input, run.Input("target"), temperature);
        return new Dictionary<string, Tensor>
        {
            ["y"] = network.Forward(input, temperature),
            ["weights"] = decoded.Weights,
            ["mask"] = decoded.Masks,
            ["mse"] = error,
            ["total"] = total,
        };
    }
}
