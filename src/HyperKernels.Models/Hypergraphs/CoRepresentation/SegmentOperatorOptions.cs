namespace HyperKernels.Models;

/// <summary>Which operator, and what it is made of.</summary>
internal readonly record struct SegmentOperatorOptions(MembershipOperator Kind, int Heads, int InducingRows, bool LayerNorm);
