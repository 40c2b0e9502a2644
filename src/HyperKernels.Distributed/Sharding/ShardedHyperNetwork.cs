using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Distributed;

/// <summary>
/// A hypernetwork whose last layer <c>[P, H]</c> does not fit one process: each process has the rows of the target's layers that it runs, with their
/// optimiser state, generates these weights alone and applies them. Values go from each process to the next, gradients back.
/// </summary>
/// <remarks>
/// <para>The target is cut into stages of consecutive layers, one for each process. Every process makes a <see cref="HyperNetwork"/> of its own stage with the same conditions
/// and a generator of the same make; conditioning and generator are the same everywhere and stay so, because their gradients are added up. The emission is the
/// process's own and is never sent.</para>
/// <para>It saves memory, not time: processes work in turn. Results are those of one process to rounding, and the same bits in every run with as many.</para>
/// </remarks>
public sealed class ShardedHyperNetwork
{
    private const int ShapeTag = 1;
    private const int ValueTag = 2;
    private const int GradientTag = 3;

    private readonly ICommunicator _all;
    private readonly Parameter[] _shared;

    /// <param name="communicator">The processes; not disposed by this.</param>
    /// <param name="own">The hypernetwork of this process's stage; not disposed by this. Its conditioning and generator become those of rank 0.</param>
    /// <exception cref="ArgumentException">Conditioning and generator have not as many numbers on every process.</exception>
    public ShardedHyperNetwork(ICommunicator communicator, HyperNetwork own)
    {
        ArgumentNullException.ThrowIfNull(communicator);
        ArgumentNullException.ThrowIfNull(own);
        (_all, Own) = (communicator, own);
        _shared = [.. own.Conditioning.Parameters, .. own.Generator.Parameters];
        long[] counts = _all.AllGather<long>(new[] { _shared.Sum(static parameter => parameter.Shape.Count) });
        if (counts.Distinct().Count() > 1)
        {
            throw new ArgumentException(
                $"ShardedHyperNetwork: conditioning and generator must be alike on every process; they have [{string.Join(", ", counts)}] numbers. "
                + "Give all the same conditions and hidden sizes.");
        }
        new DataParallel(_all).Start(_shared);
        Count = _all.AllGather<long>(new long[] { own.Manifest.Count }).Sum();
    }

    /// <summary>The part of this process.</summary>
    public HyperNetwork Own { get; }

    /// <summary>P: the generated values of all stages.</summary>
    public long Count { get; }

    private bool IsFirst => _all.Rank == 0;

    private bool IsLast => _all.Rank == _all.Size - 1;

    /// <summary>Runs all stages.</summary>
    /// <param name="input">The target's input; looked at on rank 0.</param>
    /// <param name="conditions">As <see cref="HyperNetwork.Forward(Tensor, ReadOnlySpan{Tensor})"/> takes them; the same on every process.</param>
    /// <returns>The output of this process's stage: on the last rank, the target's.</returns>
    public Tensor Forward(Tensor input, params ReadOnlySpan<Tensor> conditions)
    {
        Tensor output = Own.Forward(IsFirst ? input : Receive(_all.Rank - 1, input.Device), conditions);
        if (!IsLast)
        {
            Send(output);
        }
        return output;
    }

    /// <summary>One training step of all processes.</summary>
    /// <param name="input">The target's input; looked at on rank 0.</param>
    /// <param name="conditions">The same on every process.</param>
    /// <param name="loss">A scalar from the target's output; asked on the last rank.</param>
    /// <param name="optimizer">Of <see cref="Own"/>'s parameters.</param>
    /// <returns>The loss, on every process.</returns>
    public double Step(Tensor input, ReadOnlySpan<Tensor> conditions, Func<Tensor, Tensor> loss, Optimizer optimizer)
    {
        ArgumentNullException.ThrowIfNull(loss);
        ArgumentNullException.ThrowIfNull(optimizer);
        double[] value = [0];
        using Tape tape = new();
        Tensor x = IsFirst ? input : tape.Watch(Receive(_all.Rank - 1, input.Device));
        Tensor output = Own.Forward(x, conditions);
        if (IsLast)
        {
            Tensor last = loss(output);
            value[0] = last.ToScalar();
            tape.Backward(last);
        }
        else
        {
            Send(output);
            float[] seed = new float[output.Count];
            _all.StartReceive<float>(seed, _all.Rank + 1, GradientTag).Wait();
            tape.Backward(output, Tensor.From(seed, output.Shape, output.Device));
        }
        if (!IsFirst)
        {
            float[] gradient = tape.TryGetGradient(x, out Tensor own) ? own.ToArray() : new float[x.Count];
            _all.StartSend<float>(gradient, _all.Rank - 1, GradientTag).Wait();
        }
        AddUp(tape);
        optimizer.Step(tape);
        _all.Broadcast<double>(value, _all.Size - 1);
        return value[0];
    }

    // Every stage tells the generator something.
    private void AddUp(Tape tape)
    {
        foreach (Parameter parameter in _shared)
        {
            bool has = tape.TryGetGradient(parameter.OwnValue, out Tensor own);
            float[] gradient = has ? own.ToArray() : new float[parameter.Shape.Count];
            _all.AllReduceSum<float>(gradient);
            if (has)
            {
                tape.ReplaceGradient(parameter.OwnValue, gradient);
            }
        }
    }

    private void Send(Tensor values)
    {
        int[] axes = new int[Shape.MaxRank + 1];
        axes[0] = values.Rank;
        for (int axis = 0; axis < values.Rank; axis++)
        {
            axes[axis + 1] = values.Shape[axis];
        }
        Transfer.WaitAll(_all.StartSend<int>(axes, _all.Rank + 1, ShapeTag), _all.StartSend<float>(values.ToArray(), _all.Rank + 1, ValueTag));
    }

    private Tensor Receive(int from, Device device)
    {
        int[] axes = new int[Shape.MaxRank + 1];
        _all.StartReceive<int>(axes, from, ShapeTag).Wait();
        Shape shape = new(axes.AsSpan(1, axes[0]));
        float[] values = new float[shape.Count];
        _all.StartReceive<float>(values, from, ValueTag).Wait();
        return Tensor.From(values, shape, device);
    }
}
