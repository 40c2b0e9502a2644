namespace HyperKernels.Models;

/// <summary>One operation of an architecture.</summary>
/// <param name="Operation">What it computes.</param>
/// <param name="Shape">
/// The axes of its parameter, outputs first, <c>[O, I, KH, KW]</c>; of a pool <c>[1, 1, KH, KW]</c>; null where there are none.
/// </param>
/// <param name="Parameter">The dotted name of the parameter that is predicted from the node, or null.</param>
/// <param name="Shift">The dotted name of a norm's bias, which is predicted from the same node as its gain, or null.</param>
public sealed record ArchitectureNode(GraphOperation Operation, Shape? Shape = null, string? Parameter = null, string? Shift = null)
{
    /// <summary>Operation, shape and name in one line.</summary>
    public override string ToString() => $"{Operation}{(Shape is { } shape ? $" {shape}" : "")}{(Parameter is null ? "" : $" \"{Parameter}\"")}";
}
