using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>Half of an AllSet layer: from the rows of one side to those of the other, each of which reads the set of rows that it meets.</summary>
internal abstract class SetHalf : Layer
{
    /// <summary><c>[N, ...]</c> to <c>[E, ...]</c>, or back.</summary>
    public abstract Tensor Forward(Tensor rows, Hypergraph graph, Toward toward);
}
