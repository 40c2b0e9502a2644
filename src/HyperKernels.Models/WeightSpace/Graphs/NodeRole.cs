namespace HyperKernels.Models;

/// <summary>What a value does at its node: the first four are in the order of a node's features.</summary>
internal enum NodeRole
{
    Gain,
    Shift,
    Mean,
    Variance,
    Bias,
}
