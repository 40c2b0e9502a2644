namespace HyperKernels.Models;

/// <summary>What a <see cref="HyperLstmCell"/> carries from step to step.</summary>
/// <param name="Hidden">The output h of the large cell, <c>[B, hiddenFeatures]</c>.</param>
/// <param name="Cell">The memory c of the large cell, <c>[B, hiddenFeatures]</c>.</param>
/// <param name="HyperHidden">The output of the small cell, <c>[B, hyperFeatures]</c>.</param>
/// <param name="HyperCell">The memory of the small cell, <c>[B, hyperFeatures]</c>.</param>
public readonly record struct HyperLstmState(Tensor Hidden, Tensor Cell, Tensor HyperHidden, Tensor HyperCell);
