using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Models;

/// <summary>
/// Trains a network and its hyperparameters in turn: some steps on the weights with perturbed hyperparameters and the training loss, then some
/// steps on the hyperparameters with the validation loss.
/// </summary>
/// <remarks>
/// Sources: MacKay et al., ICLR 2019 (arXiv 1903.03088), algorithm 1, and the authors' code; Lorraine, Duvenaud, 2018 (arXiv 1802.09419), algorithms
/// 2 and 3.
/// </remarks>
public sealed class SelfTuner : IDisposable
{
    private readonly SelfTunerOptions _options;

    /// <summary>Makes the optimiser of the hyperparameters.</summary>
    /// <param name="network">What is trained.</param>
    /// <param name="optimizer">Of the parameters of <see cref="SelfTuningNetwork.Network"/>; stays the caller's.</param>
    /// <param name="options">Null means the defaults.</param>
    /// <exception cref="ArgumentException">A number of steps is negative, or a cycle has none.</exception>
    public SelfTuner(SelfTuningNetwork network, Optimizer optimizer, SelfTunerOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(optimizer);
        _options = options ?? new SelfTunerOptions();
        if (_options.TrainingSteps < 0 || _options.ValidationSteps < 0 || _options.TrainingSteps + _options.ValidationSteps == 0 || _options.WarmUpSteps < 0)
        {
            throw new ArgumentException(
                $"SelfTuner: numbers of steps must not be negative, and a cycle must have one; got {_options.TrainingSteps} training steps, "
                + $"{_options.ValidationSteps} validation steps and {_options.WarmUpSteps} of warm-up.",
                nameof(options));
        }
        Network = network;
        WeightOptimizer = optimizer;
        Random = _options.Random ?? new RandomStream(0);
        ParameterGroup learned = new([network.Space.Unconstrained]);
        HyperOptimizer = new Adam(
            _options.TuneScales ? [learned, new ParameterGroup([network.Space.Scale]) { LearningRate = _options.ScaleLearningRate }] : [learned],
            _options.LearningRate);
    }

    /// <summary>What is trained.</summary>
    public SelfTuningNetwork Network { get; }

    /// <summary>Of the weights.</summary>
    public Optimizer WeightOptimizer { get; }

    /// <summary>Of the hyperparameters: its state belongs into a checkpoint.</summary>
    public Optimizer HyperOptimizer { get; }

    /// <summary>Where perturbations come from: its state belongs into a checkpoint.</summary>
    public RandomStream Random { get; }

    /// <summary>Whether a step, counted from 0, is one on the hyperparameters.</summary>
    public bool Tunes(long step)
    {
        long behind = step - _options.WarmUpSteps;
        return behind >= 0 && behind % (_options.TrainingSteps + _options.ValidationSteps) >= _options.TrainingSteps;
    }

    /// <summary>How many of the first steps are on the weights: which batch of the training data is next.</summary>
    public long TrainingSteps(long steps)
    {
        long behind = Math.Max(0, steps - _options.WarmUpSteps);
        (long cycles, long rest) = Math.DivRem(behind, _options.TrainingSteps + _options.ValidationSteps);
        return steps - behind + (cycles * _options.TrainingSteps) + Math.Min(rest, _options.TrainingSteps);
    }

    /// <summary>Takes the step with a number.</summary>
    /// <param name="step">Counted from 0; <see cref="Tunes"/> tells of which kind it is.</param>
    /// <param name="rows">Rows of perturbed hyperparameters: one for every sample of the batch, or any divisor of their number.</param>
    /// <param name="trainingLoss">
    /// Gives the loss on training data for hyperparameters <c>[C, n]</c> without bounds, which stand for themselves in
    /// <see cref="SelfTuningNetwork.Forward(Tensor, Tensor)"/>; regularisers take their <see cref="HyperparameterSpace.Values"/>.
    /// </param>
    /// <param name="validationLoss">Gives the loss on validation data, without regularisers.</param>
    /// <returns>The loss.</returns>
    public float Step(long step, int rows, Func<Tensor, Tensor> trainingLoss, Func<Tensor, Tensor> validationLoss)
    {
        ArgumentNullException.ThrowIfNull(trainingLoss);
        ArgumentNullException.ThrowIfNull(validationLoss);
        return Tunes(step) ? Tune(rows, validationLoss) : Train(rows, trainingLoss);
    }

    /// <summary>Ends the optimiser of the hyperparameters.</summary>
    public void Dispose() => HyperOptimizer.Dispose();

    private float Train(int rows, Func<Tensor, Tensor> loss)
    {
        HyperparameterSpace space = Network.Space;
        Network.Train();
        using Tape tape = new();
        using Held held = new(space);
        Tensor value = loss(_options.PriorDeviation is { } deviation ? space.DrawPrior(rows, deviation, Random) : space.Perturb(rows, Random));
        tape.Backward(value);
        WeightOptimizer.Step(tape);
        return value.ToScalar();
    }

    private float Tune(int rows, Func<Tensor, Tensor> loss)
    {
        HyperparameterSpace space = Network.Space;
        Network.Eval();
        using Tape tape = new();
        using Held held = new(Network.Network);
        Tensor value = loss(_options.TuneScales ? space.Perturb(rows, Random) : space.Current);
        tape.Backward(_options.TuneScales ? Ops.Subtract(value, Ops.MultiplyScalar(space.Entropy(), _options.EntropyWeight)) : value);
        HyperOptimizer.Step(tape);
        return value.ToScalar();
    }

    /// <summary>Keeps a layer's parameters from the tape for a while: no gradient is computed that no optimiser takes.</summary>
    private sealed class Held : IDisposable
    {
        private readonly Parameter[] _parameters;

        public Held(Layer layer)
        {
            _parameters = [.. layer.Parameters.Where(static parameter => parameter.RequiresGradient)];
            Set(false);
        }

        public void Dispose() => Set(true);

        private void Set(bool requires)
        {
            foreach (Parameter parameter in _parameters)
            {
                parameter.RequiresGradient = requires;
            }
        }
    }
}
