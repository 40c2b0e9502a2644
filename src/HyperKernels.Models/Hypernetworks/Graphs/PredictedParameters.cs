using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>The parameters that a <see cref="GraphHyperNetwork"/> predicted for one architecture, by their dotted names.</summary>
public sealed class PredictedParameters
{
    internal PredictedParameters(IReadOnlyDictionary<string, Weight> weights) => Weights = weights;

    /// <summary>The weights by name, some of them factored.</summary>
    public IReadOnlyDictionary<string, Weight> Weights { get; }

    /// <summary>Lets a network compute with them until the result is disposed; gradients of what it computes reach the hypernetwork.</summary>
    /// <param name="network">A network of the architecture; it is not changed. Parameters that were not predicted stay its own.</param>
    /// <exception cref="ArgumentException">The network lacks a parameter, or it has another shape.</exception>
    public IDisposable Use(Layer network)
    {
        Dictionary<Parameter, Weight> replacements = [];
        foreach ((Parameter parameter, Weight weight) in Match(network))
        {
            replacements.Add(parameter, weight);
        }
        return ParameterOverrides.Use(replacements);
    }

    /// <summary>Runs a network with them.</summary>
    /// <param name="network">A network of the architecture; it is not changed.</param>
    /// <param name="input">What it takes.</param>
    /// <exception cref="ArgumentException">The network lacks a parameter, or it has another shape.</exception>
    public Tensor Forward(TensorLayer network, Tensor input)
    {
        ArgumentNullException.ThrowIfNull(network);
        using IDisposable weights = Use(network);
        return network.Forward(input);
    }

    /// <summary>Overwrites a network's own parameters with them: a start to train from.</summary>
    /// <param name="network">A network of the architecture.</param>
    /// <exception cref="ArgumentException">The network lacks a parameter, or it has another shape; nothing is changed then.</exception>
    public void CopyInto(Layer network)
    {
        List<(Parameter Parameter, Weight Weight)> pairs = Match(network);
        using MemoryScope scope = new();
        foreach ((Parameter parameter, Weight weight) in pairs)
        {
            parameter.Load(weight.Materialize().ToArray());
        }
    }

    private List<(Parameter Parameter, Weight Weight)> Match(Layer network)
    {
        ArgumentNullException.ThrowIfNull(network);
        Dictionary<string, Parameter> own = network.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        List<(Parameter, Weight)> pairs = [];
        foreach ((string name, Weight weight) in Weights)
        {
            if (!own.TryGetValue(name, out Parameter? parameter) || parameter.Shape != weight.Shape)
            {
                throw new ArgumentException(
                    $"PredictedParameters: the network must have \"{name}\" {weight.Shape}; it has {(parameter is null ? "no such parameter" : $"{parameter.Shape}")}. "
                    + "Predict for the network itself.", nameof(network));
            }
            pairs.Add((parameter, weight));
        }
        return pairs;
    }
}
