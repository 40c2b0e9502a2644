using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Parameters for a network, by their dotted names: what a <see cref="GraphHyperNetwork"/> predicted for an architecture, or what the features of a
/// <see cref="NetworkGraph"/> mean, of several networks at once too.
/// </summary>
public sealed class PredictedParameters
{
    internal PredictedParameters(IReadOnlyDictionary<string, Weight> weights) => Weights = weights;

    /// <summary>The weights by name, some of them factored.</summary>
    public IReadOnlyDictionary<string, Weight> Weights { get; }

    /// <summary>Lets a network compute with them until the result is disposed; gradients of what it computes reach the hypernetwork.</summary>
    /// <param name="network">A network of the architecture; it is not changed. Parameters that were not predicted stay its own. Of several sets every sample
    /// (or group of samples) reads its own.</param>
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
        if (pairs.FirstOrDefault(static pair => pair.Weight.Shape != pair.Parameter.Shape) is { Parameter: { } several })
        {
            throw new ArgumentException($"PredictedParameters: a network takes one set of parameters; there are several of \"{several.Name}\".", nameof(network));
        }
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
            if (!own.TryGetValue(name, out Parameter? parameter) || !Fits(weight.Shape, parameter.Shape))
            {
                throw new ArgumentException(
                    $"PredictedParameters: the network must have \"{name}\" {weight.Shape}; it has {(parameter is null ? "no such parameter" : $"{parameter.Shape}")}. "
                    + "Predict for the network itself.", nameof(network));
            }
            pairs.Add((parameter, weight));
        }
        return pairs;
    }

    private static bool Fits(Shape given, Shape wanted) =>
        given == wanted || (given.Rank == wanted.Rank + 1 && given.AsSpan()[1..].SequenceEqual(wanted.AsSpan()));
}
