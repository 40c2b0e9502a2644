using System.Diagnostics;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Training;

/// <summary>A network with its optimiser: one of the runs that a recipe trains side by side, and how long its steps take.</summary>
/// <typeparam name="TNet">What the loss needs to know of the network.</typeparam>
/// <param name="name">The run's name: the prefix of its numbers and of what a checkpoint keeps.</param>
/// <param name="net">The network, disposed with the run.</param>
/// <param name="optimizer">Of the network's parameters, disposed with the run.</param>
/// <param name="longestGradient">What the length of all gradients together is bounded by; 0 for no bound.</param>
/// <param name="random">What the network draws from in training; null if it does not.</param>
internal sealed class TimedRun<TNet>(string name, TNet net, Optimizer optimizer, float longestGradient = 0, RandomStream? random = null) : IDisposable
    where TNet : Layer
{
    private long _ticks;
    private long _steps;

    public string Name => name;

    public TNet Net => net;

    public Trainee Trainee { get; } = new(name, net, optimizer, random is null ? [] : [random]);

    /// <summary>The mean over the steps of this process; not a number before the first.</summary>
    public double SecondsAStep => Stopwatch.GetElapsedTime(0, _ticks).TotalSeconds / _steps;

    /// <summary>One step on a loss.</summary>
    /// <param name="loss">Computes the loss, a scalar, on the tape that is open while it is called.</param>
    /// <param name="rateFactor">What the optimiser's rate is multiplied by.</param>
    /// <returns>The loss.</returns>
    public double Step(Func<TNet, Tensor> loss, float rateFactor = 1)
    {
        long start = Stopwatch.GetTimestamp();
        using Tape tape = new();
        Tensor value = loss(net);
        tape.Backward(value);
        if (longestGradient > 0)
        {
            GradientClipping.ByNorm(tape, net.Parameters, longestGradient);
        }
        optimizer.RateFactor = rateFactor;
        optimizer.Step(tape);
        double number = value.ToScalar();
        _ticks += Stopwatch.GetTimestamp() - start;
        _steps++;
        return number;
    }

    public void Dispose()
    {
        optimizer.Dispose();
        net.Dispose();
    }
}
