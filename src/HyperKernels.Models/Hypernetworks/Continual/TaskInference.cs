using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Finds the task that samples belong to, where nobody says: the one whose weights are surest of their answer.</summary>
/// <remarks>Source: von Oswald, Henning, Grewe, Sacramento, ICLR 2020 (arXiv 1906.00695), section 2.3 (HNET+ENT).</remarks>
public static class TaskInference
{
    /// <summary>The entropy of predicted classes, <c>-sum_k p_k log p_k</c>.</summary>
    /// <param name="logits"><c>[..., K]</c></param>
    /// <returns><c>[...]</c></returns>
    public static Tensor Entropy(Tensor logits)
    {
        Tensor logarithms = Ops.LogSoftmax(logits);
        return Ops.Neg(Ops.Sum(Ops.Multiply(Ops.Exp(logarithms), logarithms), [logits.Rank - 1]));
    }

    /// <summary>Runs samples with the weights of every task and takes for each the task of lowest entropy.</summary>
    /// <param name="network">A hypernetwork whose only condition is the number of a task, and whose target gives logits.</param>
    /// <param name="input">The target's input, B samples along the first axis.</param>
    /// <param name="tasks">How many tasks, from 0 on, come into question.</param>
    /// <returns>The tasks, integers <c>[B]</c>, and the logits <c>[B, K]</c> of their weights.</returns>
    /// <exception cref="ArgumentOutOfRangeException">There is no task.</exception>
    /// <remarks>With batch norm in the target, put it into evaluation mode first. Waits for the device.</remarks>
    public static (int[] Tasks, Tensor Logits) LowestEntropy(HyperNetwork network, Tensor input, int tasks)
    {
        ArgumentNullException.ThrowIfNull(network);
        Throw.IfOutside("TaskInference", tasks, 1);
        Tensor[] logits = [.. Enumerable.Range(0, tasks).Select(task => network.Forward(input, Tensor.From([task], [1])))];
        Tensor all = Ops.Stack(0, logits);
        (int samples, int classes) = (all.Shape[1], all.Shape[2]);
        int[] found = Ops.ArgMin(Entropy(all), 0).ToIntArray();
        int[] rows = [.. found.Select((task, sample) => (task * samples) + sample)];
        return (found, Ops.GatherRows(Ops.Reshape(all, [tasks * samples, classes]), Tensor.From(rows, [samples])));
    }
}
