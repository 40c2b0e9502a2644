namespace HyperKernels.Models;

/// <summary>A node of a <see cref="NetworkGraph"/>.</summary>
/// <param name="Kind">What it stands for.</param>
/// <param name="Layer">0 for the network's inputs, else one more than the layer that computes it or that it gives numbers to.</param>
/// <param name="Index">The place of an input or an output of the whole network, from 0; -1 for all others, whose order means nothing.</param>
public readonly record struct NetworkNode(NetworkNodeKind Kind, int Layer, int Index);
