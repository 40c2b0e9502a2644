namespace HyperKernels;

/// <summary>Completes the sums of hyperedges whose members lie in several processes: what <see cref="Hypergraph.WithExchange"/> gives a part of a hypergraph.</summary>
/// <remarks>Every process calls it as often, in the same order, with as many features.</remarks>
public interface IEdgeExchange
{
    /// <summary>Replaces the rows of hyperedges, sums over the members of this process, by the sums over the members of all.</summary>
    /// <param name="rows">One row per hyperedge of this process, <c>[E, features]</c>.</param>
    /// <param name="features">Numbers of a row.</param>
    void Sum(Span<float> rows, int features);
}
