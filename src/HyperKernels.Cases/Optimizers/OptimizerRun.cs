using HyperKernels.Optim;

namespace HyperKernels.Cases;

/// <summary>An <see cref="OptimizerCase"/> on a device: its parameters, its optimiser and, where the row has one, its running average.</summary>
internal sealed class OptimizerRun : IDisposable
{
    private readonly OptimizerCase _row;
    private readonly Device _device;
    private readonly Parameter[] _parameters;
    private readonly Optimizer _optimizer;
    private readonly ExponentialMovingAverage? _average;

    public OptimizerRun(OptimizerCase row, Device device, bool otherValues = false)
    {
        _row = row;
        _device = device;
        _parameters =
        [
            .. row.Parameters.Select((given, i) => otherValues
                ? new Parameter($"p{i}", given.Parameter.Shape, device)
                : new Parameter($"p{i}", OptimizerDraws.Start(row, i), given.Parameter.Shape, device)),
        ];
        int next = 0;
        _optimizer = row.Make(
        [
            .. row.Groups.Select(group => new ParameterGroup(
                [.. group.Parameters.Select(_ => _parameters[next++])], group.LearningRate, group.WeightDecay)),
        ]);
        _average = row.AverageDecay is { } decay ? new ExponentialMovingAverage(_parameters, decay) : null;
    }

    /// <summary>Takes steps, counted from 1, both included.</summary>
    public void Step(int from, int to)
    {
        for (int step = from; step <= to; step++)
        {
            using Tape tape = new();
            tape.Backward(Loss(step));
            if (_row.ClipNorm is { } norm)
            {
                GradientClipping.ByNorm(tape, _parameters, norm);
            }
            if (_row.ClipValue is { } value)
            {
                GradientClipping.ByValue(tape, _parameters, value);
            }
            _optimizer.RateFactor = _row.RateFactor(step);
            _optimizer.Step(tape);
            _average?.Update();
        }
    }

    /// <summary>Takes up where another run was, through copies on the host.</summary>
    public void Load(OptimizerRun other)
    {
        for (int i = 0; i < _parameters.Length; i++)
        {
            _parameters[i].Load(other._parameters[i].Value.ToArray());
            _average?.Averages[_parameters[i]].CopyFrom(other._average!.Averages[other._parameters[i]].ToArray());
        }
        _optimizer.LoadState(other._optimizer.GetState());
    }

    /// <summary>Values, then states parameter by parameter, then averages.</summary>
    public IReadOnlyList<float[]> Results() =>
    [
        .. _parameters.Select(parameter => parameter.Value.ToArray()),
        .. _optimizer.State.Values.Select(state => state.ToArray()),
        .. _average is null ? [] : _parameters.Select(parameter => _average.Averages[parameter].ToArray()),
    ];

    public void Dispose()
    {
        _average?.Dispose();
        _optimizer.Dispose();
        foreach (Parameter parameter in _parameters)
        {
            parameter.Dispose();
        }
    }

    private Tensor Loss(int step)
    {
        Tensor loss = Tensor.Zeros([], _device);
        for (int i = 0; i < _parameters.Length; i++)
        {
            Shape shape = _parameters[i].Shape;
            if (!_row.Parameters[i].Parameter.IsMatrix)
            {
                Tensor factors = Tensor.From(OptimizerDraws.Factors(_row, i), shape, _device);
                loss = Ops.Add(loss, Ops.Sum(Ops.Multiply(factors, Ops.Square(_parameters[i].Value))));
                continue;
            }
            int rows = _row.Parameters[i].Parameter.Rows;
            for (int use = 0; use < _row.Parameters[i].Parameter.Uses; use++)
            {
                (float[] input, float[] weights) = OptimizerDraws.Layer(_row, i, step, use);
                Tensor output = Ops.Linear(Tensor.From(input, [rows, shape[1]], _device), _parameters[i].Value);
                loss = Ops.Add(loss, Ops.Sum(Ops.Multiply(output, Tensor.From(weights, [rows, shape[0]], _device))));
            }
        }
        return loss;
    }
}
