namespace HyperKernels.Models;

/// <summary>What the nodes and edges of a <see cref="NetworkGraphBatch"/> stand for, as numbers.</summary>
/// <param name="NodeLayers"><c>[N, 1]</c></param>
/// <param name="NodeIndices"><c>[N, 1]</c>: -1 but for the networks' inputs and outputs.</param>
/// <param name="NodeKinds">Integers <c>[N]</c>.</param>
/// <param name="EdgeLayers"><c>[E, 1]</c></param>
/// <param name="EdgeKinds">Integers <c>[E]</c>.</param>
/// <param name="EdgePositions">Column, row and a third axis, 0 in images: <c>[E, 3]</c>.</param>
public readonly record struct NetworkCodes(
    Tensor NodeLayers, Tensor NodeIndices, Tensor NodeKinds, Tensor EdgeLayers, Tensor EdgeKinds, Tensor EdgePositions);
