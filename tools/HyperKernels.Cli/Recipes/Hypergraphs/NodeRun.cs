using System.Numerics.Tensors;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Cli.Recipes;

/// <summary>A network in training on one split.</summary>
internal sealed class NodeRun : IDisposable
{
    private readonly NodeTask _task;
    private readonly NodeNet _net;
    private readonly TimedRun<Layer> _run;
    private readonly MemoryScope _scope;
    private readonly NodeGroup _training;
    private readonly NodeGroup? _validation;
    private readonly NodeGroup _test;

    /// <param name="model">The network's name.</param>
    /// <param name="setting">How it is trained.</param>
    /// <param name="task">What on.</param>
    /// <param name="split">Which split, from 0.</param>
    /// <param name="seed">Of everything random, with the split.</param>
    public NodeRun(string model, NodeSetting setting, NodeTask task, int split, int seed)
    {
        _task = task;
        _scope = task.Features.Device.Scope();
        RandomStream random = new(((ulong)seed * 1_000) + (ulong)split);
        _net = NodeModels.Make(model, setting, task.Data, task.Features, task.Graph, random);
        _run = new TimedRun<Layer>(model, _net.Layer, new Adam(_net.Groups, learningRate: setting.Rate, weightDecay: setting.Decay), random: random);
        _training = task.Group(split, CommunityGraph.TrainingRole);
        _validation = task.Data.With(split, CommunityGraph.ValidationRole).Length == 0 ? null : task.Group(split, CommunityGraph.ValidationRole);
        _test = task.Group(split, CommunityGraph.TestRole);
    }

    public Trainee Trainee => _run.Trainee;

    public Layer Net => _net.Layer;

    /// <summary>The mean of this process.</summary>
    public double SecondsAnEpoch => _run.SecondsAStep;

    /// <summary>One step on the whole graph.</summary>
    /// <returns>The loss.</returns>
    public double Step()
    {
        _net.Layer.Train();
        return _run.Step(_ => _training.Loss(_net.Logits(_task.Features, _task.Graph)));
    }

    /// <summary>The class that every node was given when <see cref="Evaluate"/> was last called; empty before that.</summary>
    public int[] Answers { get; private set; } = [];

    /// <summary>The shares of right answers without dropout; not a number for validation without nodes for it.</summary>
    public (double Validation, double Test) Evaluate()
    {
        _net.Layer.Eval();
        using MemoryScope scope = new();
        Tensor logits = _net.Logits(_task.Features, _task.Graph);
        float[] values = logits.ToArray();
        int classes = values.Length / _task.Data.Nodes;
        Answers = [.. Enumerable.Range(0, _task.Data.Nodes).Select(node => TensorPrimitives.IndexOfMax(values.AsSpan(node * classes, classes)))];
        return (_validation?.Right(logits) ?? double.NaN, _test.Right(logits));
    }

    public void Dispose()
    {
        _run.Dispose();
        _net.Structure?.Dispose();
        _scope.Dispose();
    }
}
