namespace HyperKernels.Models;

/// <summary>How a <see cref="NetworkGraph"/> lays a network's numbers on nodes and edges.</summary>
public enum NetworkGraphForm
{
    /// <summary>
    /// A node per channel that carries its norm and its bias, an edge per pair of channels that carries the kernel. Source: MetaPruning (arXiv 2506.12041), appendix
    /// on converting networks, and the authors' code.
    /// </summary>
    Channels,

    /// <summary>
    /// An edge per number: values of a kernel are parallel edges, biases and norms come from nodes of their own. Source: Lim and others, Graph Metanetworks, ICLR 2024 (arXiv
    /// 2312.04501), and Mehta and others (arXiv 2406.18630), whose code numbers layers, neurons and types so.
    /// </summary>
    Values,
}
