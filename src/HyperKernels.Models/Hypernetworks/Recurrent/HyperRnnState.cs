namespace HyperKernels.Models;

/// <summary>What a <see cref="HyperRnnCell"/> carries from step to step.</summary>
/// <param name="Hidden">The state h of the large network, <c>[B, hiddenFeatures]</c>.</param>
/// <param name="HyperHidden">The state of the small network, <c>[B, hyperFeatures]</c>.</param>
public readonly record struct HyperRnnState(Tensor Hidden, Tensor HyperHidden);
