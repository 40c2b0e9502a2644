using System.Globalization;
using System.Text.RegularExpressions;
using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Targets and activations as reference cases name them.</summary>
internal static partial class HyperTargets
{
    /// <summary>Makes a target from words: <c>linear(5,7) leaky_relu(0.01) linear(7,2)</c>.</summary>
    public static Sequential Parse(ReferenceCase source, string words)
    {
        List<TensorLayer> layers = [];
        foreach (Match match in Word().Matches(words))
        {
            float[] numbers = [.. match.Groups[2].Value.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(n => float.Parse(n, CultureInfo.InvariantCulture))];
            layers.Add(match.Groups[1].Value switch
            {
                "linear" => new Linear((int)numbers[0], (int)numbers[1]),
                "conv2d" => new Conv2d((int)numbers[0], (int)numbers[1], (int)numbers[2]),
                string name => Layer(Activation(source, name, slope: numbers.Length > 0 ? numbers[0] : HyperKernels.Activation.DefaultSlope)),
            });
        }
        return new Sequential([.. layers]);
    }

    /// <summary>An activation by the name of a case; the slope is that of a leaky ReLU.</summary>
    public static Activation Activation(ReferenceCase source, string name, float slope = HyperKernels.Activation.DefaultSlope) =>
        name.Replace("_", "", StringComparison.Ordinal).ToLowerInvariant() switch
    {
        "relu" => HyperKernels.Activation.Relu,
        "leakyrelu" => HyperKernels.Activation.LeakyRelu(slope),
        "tanh" => HyperKernels.Activation.Tanh,
        "sigmoid" => HyperKernels.Activation.Sigmoid,
        "gelu" => HyperKernels.Activation.Gelu,
        "silu" or "swish" => HyperKernels.Activation.Silu,
        "elu" => HyperKernels.Activation.Elu(),
        "softplus" => HyperKernels.Activation.Softplus,
        "none" or "identity" or "linear" => HyperKernels.Activation.None,
        _ => throw new InvalidDataException($"{source.Path}: the activation \"{name}\" is not known."),
    };

    /// <summary>Makes a hypernetwork compute with a case's parameters, until the result is disposed.</summary>
    /// <param name="run">The case.</param>
    /// <param name="network">The hypernetwork.</param>
    /// <param name="nameOf">The case's name for a parameter of the hypernetwork.</param>
    public static IDisposable Use(ReferenceRun run, HyperNetwork network, Func<string, string> nameOf)
    {
        Dictionary<Parameter, Tensor> values = [];
        foreach (NamedParameter named in network.NamedParameters())
        {
            Tensor value = run.Parameter(nameOf(named.Name));
            if (value.Shape != named.Parameter.Shape)
            {
                throw new InvalidDataException($"{run.Case.Path}: parameter \"{nameOf(named.Name)}\" must be {named.Parameter.Shape}; it is {value.Shape}.");
            }
            values.Add(named.Parameter, value);
        }
        return ParameterOverrides.Use(values);
    }

    /// <summary>The names <c>hyper.w1</c>, <c>hyper.b1</c>, <c>hyper.w2</c>, <c>hyper.b2</c> for a generator of one hidden layer with a full emission.</summary>
    public static string TwoLayers(string name) => name switch
    {
        "generator.hidden0.weight" => "hyper.w1",
        "generator.hidden0.bias" => "hyper.b1",
        "emission.weight" => "hyper.w2",
        "emission.theta0" => "hyper.b2",
        _ => name,
    };

    private static TensorLayer Layer(Activation activation) =>
        activation == HyperKernels.Activation.None ? new Sequential() : ActivationLayer.Of(activation);

    [GeneratedRegex(@"([a-z_0-9]+)(?:\(([^)]*)\))?", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
