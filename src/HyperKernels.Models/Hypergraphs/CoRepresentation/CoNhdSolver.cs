namespace HyperKernels.Models;

/// <summary>Which method of optimisation a layer unrolls a step of.</summary>
public enum CoNhdSolver
{
    /// <summary>Gradient descent: <c>f &lt;- U [f; g_edge; g_node; f0]</c>.</summary>
    GradientDescent,

    /// <summary>The alternating direction method of multipliers: a message for each membership and side is kept.</summary>
    Admm,
}
