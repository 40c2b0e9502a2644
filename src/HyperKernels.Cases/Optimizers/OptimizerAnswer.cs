namespace HyperKernels.Cases;

/// <summary>What an <see cref="OptimizerCase"/> should give: gradients, clipping, the rule and the running average in plain loops and doubles.</summary>
internal sealed class OptimizerAnswer
{
    // torch.nn.utils.clip_grad_norm_ adds it to the length, so that a gradient of zeros divides by something.
    private const double SmallestNorm = 1e-6;

    private readonly OptimizerCase _row;
    private readonly double[][] _values;
    private readonly double[][][] _states;
    private readonly double[][] _averages;

    public OptimizerAnswer(OptimizerCase row)
    {
        _row = row;
        _values = [.. row.Parameters.Select((_, i) => Array.ConvertAll(OptimizerDraws.Start(row, i), v => (double)v))];
        _states = [.. _values.Select(values => Enumerable.Range(0, row.Slots).Select(_ => new double[values.Length]).ToArray())];
        _averages = row.AverageDecay is null ? [] : [.. _values.Select(values => (double[])values.Clone())];
        for (int step = 1; step <= row.Steps; step++)
        {
            double[][] gradients = [.. row.Parameters.Select((_, i) => Gradient(i, step))];
            Clip(gradients);
            for (int i = 0; i < gradients.Length; i++)
            {
                Change(i, gradients[i], step);
            }
        }
    }

    /// <summary>Values, then states parameter by parameter, then averages.</summary>
    public IReadOnlyList<double[]> Results => [.. _values, .. _states.SelectMany(states => states), .. _averages];

    private double[] Gradient(int parameter, int step)
    {
        OptimizerParameter given = _row.Parameters[parameter].Parameter;
        if (!given.IsMatrix)
        {
            float[] factors = OptimizerDraws.Factors(_row, parameter);
            return [.. _values[parameter].Select((value, i) => 2 * factors[i] * value)];
        }
        (int outputs, int inputs) = (given.Shape[0], given.Shape[1]);
        double[] gradient = new double[outputs * inputs];
        for (int use = 0; use < given.Uses; use++)
        {
            (float[] x, float[] weights) = OptimizerDraws.Layer(_row, parameter, step, use);
            for (int row = 0; row < given.Rows; row++)
            {
                for (int o = 0; o < outputs; o++)
                {
                    double weight = weights[(row * outputs) + o];
                    for (int i = 0; i < inputs; i++)
                    {
                        gradient[(o * inputs) + i] += weight * x[(row * inputs) + i];
                    }
                }
            }
        }
        return gradient;
    }

    private void Clip(double[][] gradients)
    {
        double norm = Math.Sqrt(gradients.Sum(gradient => gradient.Sum(g => g * g)));
        double factor = norm > _row.ClipNorm ? _row.ClipNorm.Value / (norm + SmallestNorm) : 1;
        double most = _row.ClipValue ?? double.PositiveInfinity;
        foreach (double[] gradient in gradients)
        {
            for (int i = 0; i < gradient.Length; i++)
            {
                gradient[i] = Math.Clamp(gradient[i] * factor, -most, most);
            }
        }
    }

    private void Change(int parameter, double[] gradient, int step)
    {
        OptimizerGroup group = _row.Parameters[parameter].Group;
        double rate = (double)(group.LearningRate ?? _row.LearningRate) * _row.RateFactor(step);
        UpdateRates at = new(step, rate, group.WeightDecay ?? _row.WeightDecay);
        double[] values = _values[parameter];
        Span<double> state = stackalloc double[_row.Slots];
        for (int i = 0; i < values.Length; i++)
        {
            for (int slot = 0; slot < state.Length; slot++)
            {
                state[slot] = _states[parameter][slot][i];
            }
            values[i] = _row.Rule(values[i], gradient[i], at, state);
            for (int slot = 0; slot < state.Length; slot++)
            {
                _states[parameter][slot][i] = state[slot];
            }
            if (_row.AverageDecay is { } decay)
            {
                _averages[parameter][i] = (decay * _averages[parameter][i]) + ((1 - decay) * values[i]);
            }
        }
    }
}
