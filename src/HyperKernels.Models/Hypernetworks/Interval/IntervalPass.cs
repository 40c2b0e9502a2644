using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>One run of a target whose generated weights are intervals: sequences, MLPs, dense layers, convolutions, activations, pooling, dropout, residual sums.</summary>
public sealed class IntervalPass
{
    private readonly Dictionary<Parameter, IntervalTensor> _weights = [];

    /// <summary>Prepares a run.</summary>
    /// <param name="target">The target.</param>
    /// <param name="manifest">Its generated tensors.</param>
    /// <param name="weights">Flat weight sets <c>[C, P]</c>, the tensors of the manifest end to end.</param>
    /// <exception cref="ArgumentException">The target lacks a tensor, or the weights are not those of the manifest.</exception>
    public IntervalPass(Layer target, TargetManifest manifest, IntervalTensor weights)
    {
        ArgumentNullException.ThrowIfNull(target);
        ArgumentNullException.ThrowIfNull(manifest);
        if (weights.Middle.Rank != 2 || weights.Middle.Shape[1] != manifest.Count)
        {
            throw new ArgumentException($"IntervalPass: the weights must be [sets, {manifest.Count}]; got {weights.Middle.Shape}.", nameof(weights));
        }
        Dictionary<string, Parameter> parameters = target.NamedParameters().ToDictionary(static named => named.Name, static named => named.Parameter);
        Tensor[] lower = FlatWeights.Tensors(weights.Lower, manifest);
        Tensor[] middle = FlatWeights.Tensors(weights.Middle, manifest);
        Tensor[] upper = FlatWeights.Tensors(weights.Upper, manifest);
        for (int i = 0; i < manifest.Entries.Count; i++)
        {
            ManifestEntry entry = manifest.Entries[i];
            if (!parameters.TryGetValue(entry.Name, out Parameter? parameter) || parameter.Shape != entry.Shape)
            {
                throw new ArgumentException(
                    $"IntervalPass: the target must have \"{entry.Name}\" {entry.Shape}; it has {parameter?.Shape.ToString() ?? "no such parameter"}.", nameof(target));
            }
            _weights.Add(parameter, new IntervalTensor(lower[i], middle[i], upper[i]));
        }
    }

    /// <summary>The interval of a parameter of the target; a point for one that is not generated.</summary>
    public IntervalTensor WeightOf(Parameter parameter)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        return _weights.TryGetValue(parameter, out IntervalTensor weight) ? weight : IntervalTensor.Of(parameter.Value);
    }

    /// <summary>Runs a layer.</summary>
    /// <param name="layer">The target, or a layer inside it.</param>
    /// <param name="input">What comes in.</param>
    /// <exception cref="ArgumentException">A product would read numbers that may be negative, or an activation falls somewhere.</exception>
    /// <exception cref="NotSupportedException">Nothing says how a layer computes with intervals.</exception>
    public IntervalTensor Run(Layer layer, IntervalTensor input)
    {
        ArgumentNullException.ThrowIfNull(layer);
        return layer switch
        {
            IIntervalLayer own => own.Forward(input, this),
            Sequential sequence => sequence.Aggregate(input, (x, inner) => Run(inner, x)),
            Mlp mlp => Run(mlp, input),
            Residual residual => Sum(input, Run(residual.Inner, input)),
            Linear linear => IntervalOps.Linear(input, WeightOf(linear.Weight), BiasOf(linear.Bias)),
            Conv2d conv => IntervalOps.Conv2d(input, WeightOf(conv.Weight), BiasOf(conv.Bias), conv.Options),
            ActivationLayer activation => IntervalOps.Activate(input, activation.Activation),
            Dropout dropout => Drop(dropout, input),
            Flatten or MaxPool2d or AveragePool2d or AdaptiveAveragePool2d => input.Map(((TensorLayer)layer).Forward, input.IsNonNegative),
            _ => throw new NotSupportedException(
                $"IntervalPass: a target with intervals of weights must be made of Sequential, Mlp, Residual, Linear, Conv2d, activations, pooling, Flatten and Dropout; "
                + $"it holds a {layer.GetType().Name}. A layer of your own can implement IIntervalLayer; HyperInterval.ForwardEnds runs any target."),
        };
    }

    private static IntervalTensor Sum(IntervalTensor a, IntervalTensor b) => new(
        Ops.Add(a.Lower, b.Lower), Ops.Add(a.Middle, b.Middle), Ops.Add(a.Upper, b.Upper), a.IsNonNegative && b.IsNonNegative);

    // What is dropped is dropped from ends and middle alike.
    private static IntervalTensor Drop(Dropout dropout, IntervalTensor input)
    {
        if (!dropout.Training || dropout.Probability == 0)
        {
            return input;
        }
        Tensor mask = Ops.Dropout(Tensor.Ones(input.Middle.Shape, input.Middle.Device), dropout.Probability, dropout.Random);
        return input.Map(x => Ops.Multiply(x, mask), input.IsNonNegative);
    }

    private IntervalTensor? BiasOf(Parameter? bias) => bias is null ? null : WeightOf(bias);

    private IntervalTensor Run(Mlp mlp, IntervalTensor input)
    {
        for (int i = 0; i < mlp.Layers.Count; i++)
        {
            input = Run(mlp.Layers[i], input);
            input = i < mlp.Layers.Count - 1 ? IntervalOps.Activate(input, mlp.Activation) : input;
        }
        return input;
    }
}
