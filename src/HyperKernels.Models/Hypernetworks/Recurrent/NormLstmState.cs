namespace HyperKernels.Models;

/// <summary>What a <see cref="NormLstmCell"/> carries from step to step.</summary>
/// <param name="Hidden">The output h, <c>[B, hiddenFeatures]</c>.</param>
/// <param name="Cell">The memory c, <c>[B, hiddenFeatures]</c>.</param>
public readonly record struct NormLstmState(Tensor Hidden, Tensor Cell);
