namespace HyperKernels.Models;

/// <summary>A network's numbers on the nodes and edges of its graph.</summary>
/// <param name="Nodes">
/// <c>[N, F]</c>: <c>[gain, bias, mean, variance]</c> of a channel's norm, the same of its shortcut's norm, then what else it has; of S networks <c>[S N, F]</c>.
/// F is 0 in the form <see cref="NetworkGraphForm.Values"/>.
/// </param>
/// <param name="Edges"><c>[E, K]</c>: the kernel in the middle of the largest kernel's grid, else zeros; of S networks <c>[S E, K]</c>.</param>
public readonly record struct NetworkFeatures(Tensor Nodes, Tensor Edges);
