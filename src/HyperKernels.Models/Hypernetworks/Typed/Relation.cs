namespace HyperKernels.Models;

/// <summary>The edges of one kind between nodes of two types, as numbers within each type: "author writes paper".</summary>
/// <param name="SourceType">The type of the nodes that edges come from.</param>
/// <param name="TargetType">The type of the nodes that edges lead to.</param>
/// <param name="Sources">For every edge the node that it comes from, counted within its type.</param>
/// <param name="Targets">For every edge the node that it leads to, counted within its type.</param>
public sealed record Relation(int SourceType, int TargetType, IReadOnlyList<int> Sources, IReadOnlyList<int> Targets);
