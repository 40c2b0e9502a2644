namespace HyperKernels.Models;

/// <summary>What a membership weighs in a sum, before the weights that the graph itself gives it.</summary>
public enum IncidenceWeights
{
    /// <summary>1.</summary>
    Ones,

    /// <summary>One over the root of the numbers of the node's hyperedges and of the hyperedge's members: <c>dv^-1/2 de^-1/2</c>.</summary>
    InverseRootDegrees,
}
