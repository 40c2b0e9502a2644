namespace HyperKernels.Models;

/// <summary>An edge of a <see cref="NetworkGraph"/>, in the direction in which the network computes.</summary>
/// <param name="From">The node that is read.</param>
/// <param name="To">The node that is computed.</param>
/// <param name="Kind">What it stands for.</param>
/// <param name="Layer">The layer, counted from 0 over those with weights.</param>
/// <param name="X">The column of a kernel, the position of a flattened channel, or the gate of a recurrent cell; 0 for an edge that carries a whole kernel.</param>
/// <param name="Y">The row of a kernel.</param>
public readonly record struct NetworkEdge(int From, int To, NetworkEdgeKind Kind, int Layer, int X = 0, int Y = 0);
