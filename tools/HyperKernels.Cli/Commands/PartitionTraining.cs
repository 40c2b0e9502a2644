using System.Diagnostics;
using HyperKernels.Cli.Data;
using HyperKernels.Distributed;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Commands;

/// <summary>Whole-graph steps of a two-layer HGNN on the nodes of one process.</summary>
internal sealed class PartitionTraining : IDisposable
{
    private const float Rate = 0.01f;

    private readonly ICommunicator _communicator;
    private readonly Hypergraph _graph;
    private readonly Hgnn _net;
    private readonly Adam _adam;
    private readonly MemoryScope _scope = Device.Cpu.Scope();
    private readonly Tensor _features;
    private readonly Tensor _labels;
    private readonly int _allNodes;

    /// <param name="source">The whole.</param>
    /// <param name="nodes">The nodes of this process.</param>
    /// <param name="graph">Its part, or the whole.</param>
    /// <param name="hidden">Width between the convolutions.</param>
    /// <param name="seed">Of the network, the same on every process.</param>
    /// <param name="communicator">The processes that hold the other nodes.</param>
    public PartitionTraining(NodeSource source, ReadOnlySpan<int> nodes, Hypergraph graph, int hidden, int seed, ICommunicator communicator)
    {
        (_communicator, _graph, _allNodes) = (communicator, graph, source.NodeCount);
        _net = new Hgnn(source.FeatureCount, hidden, source.Classes, dropout: 0, random: new RandomStream((ulong)seed));
        _adam = new Adam(_net.Parameters, learningRate: Rate);
        _features = source.Features(nodes);
        int[] labels = source.Labels(nodes);
        _labels = Tensor.From(labels, [labels.Length], Device.Cpu);
    }

    /// <summary>All gradients of the last step, one after the other, of all processes.</summary>
    public float[] Gradients { get; private set; } = [];

    /// <summary>How long gradients took to be added up.</summary>
    public TimeSpan ReduceTime { get; private set; }

    /// <summary>How long the processor worked on steps, sums over hyperedges included and those of gradients not.</summary>
    public TimeSpan ProcessorTime { get; private set; }

    /// <summary>One step.</summary>
    /// <returns>The mean loss over all nodes of all processes.</returns>
    public double Step()
    {
        double own;
        TimeSpan worked = Environment.CpuUsage.TotalTime;
        using (Tape tape = new())
        {
            Tensor loss = Ops.MultiplyScalar(Ops.CrossEntropy(_net.Forward(_features, _graph), _labels, Reduction.Sum), 1f / _allNodes);
            tape.Backward(loss);
            own = loss.ToScalar();
            Gradients = [.. _net.Parameters.SelectMany(parameter => Of(tape, parameter))];
        }
        ProcessorTime += Environment.CpuUsage.TotalTime - worked;
        long start = Stopwatch.GetTimestamp();
        _communicator.AllReduceSum<float>(Gradients);
        double[] loss64 = [own];
        _communicator.AllReduceSum<double>(loss64);
        ReduceTime += Stopwatch.GetElapsedTime(start);
        Update();
        return loss64[0];
    }

    /// <summary>Logits of this process's nodes, <c>[nodes, classes]</c>.</summary>
    public float[] Logits()
    {
        using MemoryScope scope = Device.Cpu.Scope();
        return _net.Forward(_features, _graph).ToArray();
    }

    public void Dispose()
    {
        _scope.Dispose();
        _adam.Dispose();
        _net.Dispose();
    }

    private static float[] Of(Tape tape, Parameter parameter) =>
        tape.TryGetGradient(parameter.Value, out Tensor gradient) ? gradient.ToArray() : new float[parameter.Shape.Count];

    // A linear function of the parameters has the gradients that it is made of.
    private void Update()
    {
        using Tape tape = new();
        Tensor sum = Tensor.Zeros([], Device.Cpu);
        int place = 0;
        foreach (Parameter parameter in _net.Parameters)
        {
            int count = (int)parameter.Shape.Count;
            Tensor gradient = Tensor.From(Gradients.AsSpan(place, count), parameter.Shape, Device.Cpu);
            sum = Ops.Add(sum, Ops.Sum(Ops.Multiply(parameter.Value, gradient)));
            place += count;
        }
        tape.Backward(sum);
        _adam.Step(tape);
    }
}
