using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>A frozen network whose adapters, for every task and place, come from one hypernetwork that reads the embeddings of both: Hyperformer++.</summary>
internal sealed class HyperAdapterNetwork : TaskNetwork
{
    private readonly ResidualNet _frozen;
    private readonly Parameter _tasks;
    private readonly HyperformerController _controller;

    /// <param name="frozen">Not trained, and no part of this layer's state.</param>
    /// <param name="width">Of the frozen network.</param>
    /// <param name="blocks">Of the frozen network.</param>
    /// <param name="tasks">How many there are.</param>
    /// <param name="embedding">The size of the embeddings of tasks, blocks and places.</param>
    /// <param name="hidden">The width of what mixes them.</param>
    /// <param name="conditions">The size of what the heads read.</param>
    /// <param name="reduction">How many times narrower than the network its adapters are inside.</param>
    /// <param name="random">Where first values come from.</param>
    public HyperAdapterNetwork(
        ResidualNet frozen, int width, int blocks, int tasks, int embedding, int hidden, int conditions, int reduction, RandomStream random)
    {
        _frozen = frozen;
        _tasks = AddParameter("tasks", [tasks, embedding], Initializer.Normal(), random, ParameterRole.Table);
        _controller = Add("controller", new HyperformerController(
            width, blocks, embedding, hidden, conditions, ResidualNet.Places, new HyperformerOptions { Reduction = reduction }, random));
    }

    public override Tensor Logits(Tensor images, int first, int tasks)
    {
        Tensor rows = Ops.Slice(_tasks.Value, 0, first, tasks);
        return _frozen.Forward(images, (x, block, place) => _controller.Forward(x, rows, block, place));
    }
}
