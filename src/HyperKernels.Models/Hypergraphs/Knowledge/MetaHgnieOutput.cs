namespace HyperKernels.Models;

/// <summary>What a <see cref="MetaHgnie"/> makes of the nodes.</summary>
/// <param name="Importance">The logarithm of each node's importance, <c>[N]</c>.</param>
/// <param name="Structure">What the structure channel alone says, <c>[N]</c>.</param>
/// <param name="Semantic">What the semantic channel alone says, <c>[N]</c>.</param>
/// <param name="StructureNodes">Nodes as the structure channel sees them, <c>[N, heads * headFeatures]</c>.</param>
/// <param name="SemanticNodes">Nodes as the semantic channel sees them, <c>[N, heads * headFeatures]</c>.</param>
public sealed record MetaHgnieOutput(Tensor Importance, Tensor Structure, Tensor Semantic, Tensor StructureNodes, Tensor SemanticNodes);
