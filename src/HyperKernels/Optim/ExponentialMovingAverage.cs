using HyperKernels.Backends;

namespace HyperKernels.Optim;

/// <summary>Running averages of parameters: <c>average = decay average + (1 - decay) parameter</c>, beginning at the parameters' values.</summary>
/// <remarks>The averages live outside scopes until disposed. Evaluate with them inside <see cref="Use"/>.</remarks>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly Dictionary<Parameter, Tensor> _averages = [];
    private readonly OptimizerTarget[] _targets;
    private readonly OptimizerStep _step;

    /// <summary>Begins averages of parameters.</summary>
    /// <param name="parameters">All on one device.</param>
    /// <param name="decay">In [0, 1).</param>
    /// <exception cref="ArgumentException">decay is out of its range, or there are no parameters, or they are on several devices.</exception>
    public ExponentialMovingAverage(IEnumerable<Parameter> parameters, double decay = 0.999)
    {
        if (!(decay >= 0 && decay < 1))
        {
            Throw.Argument($"ExponentialMovingAverage: decay must be in [0, 1); got {decay}.");
        }
        Decay = decay;
        List<Parameter> all = [.. Throw.IfAnyNull("ExponentialMovingAverage", parameters).Distinct()];
        if (all.Count == 0 || all.Any(parameter => !ReferenceEquals(parameter.Device, all[0].Device)))
        {
            Throw.Argument($"ExponentialMovingAverage: parameters on one device are needed; got {all.Count} parameters.");
        }
        try
        {
            foreach (Parameter parameter in all)
            {
                Tensor average = Tensor.NewUnowned(parameter.Device, parameter.Shape, ElementType.Float32);
                _averages.Add(parameter, average);
                average.CopyFrom(parameter.OwnValue.ToArray());
            }
        }
        catch
        {
            Dispose();
            throw;
        }
        _step = new OptimizerStep(OptimizerRule.Average, (float)decay, (float)(1 - decay), 0, 0, 0, false);
        _targets = [.. _averages.Select(pair => new OptimizerTarget { Value = pair.Value.Ref, Gradient = pair.Key.OwnValue.Ref, Count = pair.Value.Count })];
    }

    /// <summary>The share of the average that a step keeps.</summary>
    public double Decay { get; }

    /// <summary>The live averages: for a checkpoint to read, or to be overwritten by one.</summary>
    public IReadOnlyDictionary<Parameter, Tensor> Averages => _averages;

    /// <summary>Takes the parameters' present values in; call it after each step.</summary>
    public void Update() => Ops.Optimize(_averages.Keys.First().Device, _step, _targets);

    /// <summary>Puts the averages in the place of the parameters until the result is disposed, for this logical flow only.</summary>
    public IDisposable Use() => ParameterOverrides.Use(_averages);

    /// <summary>Overwrites the parameters by their averages.</summary>
    public void CopyToParameters()
    {
        foreach ((Parameter parameter, Tensor average) in _averages)
        {
            parameter.Load(average.ToArray());
        }
    }

    /// <summary>Ends the averages; the parameters stay.</summary>
    public void Dispose()
    {
        foreach (Tensor average in _averages.Values)
        {
            average.Dispose();
        }
    }
}
