using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Data;

/// <summary>Some of a task's nodes, with their classes.</summary>
internal sealed class NodeGroup
{
    private readonly int[] _classes;

    /// <param name="task">Where they are from.</param>
    /// <param name="nodes">Which.</param>
    public NodeGroup(NodeTask task, int[] nodes)
    {
        Device device = task.Features.Device;
        _classes = [.. nodes.Select(node => task.Data.Labels[node])];
        Ids = Tensor.From(nodes, [nodes.Length], device);
        Labels = Tensor.From(_classes, [nodes.Length], device);
    }

    /// <summary>Integers <c>[T]</c>.</summary>
    public Tensor Ids { get; }

    /// <summary>Their classes, integers <c>[T]</c>.</summary>
    public Tensor Labels { get; }

    /// <summary>The mean cross-entropy of logits of all nodes, <c>[nodes, classes]</c>.</summary>
    public Tensor Loss(Tensor ofAll) => Ops.CrossEntropy(Ops.GatherRows(ofAll, Ids), Labels);

    /// <summary>The share of right answers in logits of all nodes, <c>[nodes, classes]</c>.</summary>
    public double Right(Tensor ofAll) => RightOf(Ops.GatherRows(ofAll, Ids));

    /// <summary>The share of right answers in logits of these nodes, <c>[T, classes]</c>.</summary>
    public double RightOf(Tensor logits) => (double)Accuracy.Right(logits.ToArray(), _classes) / _classes.Length;
}
