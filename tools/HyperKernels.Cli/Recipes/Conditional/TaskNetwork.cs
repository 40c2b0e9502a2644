using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>One way to make a trained network serve several tasks; what it trains are its parameters.</summary>
internal abstract class TaskNetwork : Layer
{
    /// <summary>Class scores.</summary>
    /// <param name="images"><c>[B, 1, height, width]</c>: equal parts of one task each.</param>
    /// <param name="first">The task of the first part.</param>
    /// <param name="tasks">How many tasks follow each other.</param>
    /// <returns><c>[B, classes]</c></returns>
    public abstract Tensor Logits(Tensor images, int first, int tasks);
}
