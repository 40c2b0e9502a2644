namespace HyperKernels.Models;

/// <summary>What a <see cref="Gate"/> says of every expert for every row.</summary>
/// <param name="Logits">Without noise, <c>[N, experts]</c>.</param>
/// <param name="Noisy">What the choice is made by, <c>[N, experts]</c>: the logits with their noise, or the logits.</param>
/// <param name="Deviation">The noise's standard deviations, <c>[N, experts]</c>; null without noise.</param>
public readonly record struct GateScores(Tensor Logits, Tensor Noisy, Tensor? Deviation = null);
