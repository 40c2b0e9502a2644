namespace HyperKernels.Models;

/// <summary>The convolutions of the authors' code.</summary>
public enum EdHnnKind
{
    /// <summary>Messages that depend on node and hyperedge: <see cref="EdHnnConv"/>.</summary>
    Equivariant,

    /// <summary>Smoothing with a link to the first features: <see cref="JumpLinkConv"/>.</summary>
    JumpLink,

    /// <summary>As equivariant, with averages, degrees and no restart: <see cref="MeanDegreeConv"/>.</summary>
    MeanDegree,
}
