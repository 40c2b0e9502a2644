namespace HyperKernels;

/// <summary>
/// The memberships of a hypergraph as compressed rows of both directions, wherever they are kept: what a <see cref="NeighbourSampler"/> draws from.
/// </summary>
/// <remarks>Any number of threads may read at once. A membership has one number, from 0 to below <see cref="MembershipCount"/>, in both directions.</remarks>
public interface IMembershipSource
{
    /// <summary>N: the number of nodes.</summary>
    int NodeCount { get; }

    /// <summary>E: the number of hyperedges.</summary>
    int EdgeCount { get; }

    /// <summary>M: the number of memberships.</summary>
    long MembershipCount { get; }

    /// <summary>How many memberships a node or hyperedge has.</summary>
    /// <param name="toward">Whether the segment is a node or a hyperedge.</param>
    /// <param name="segment">Its number.</param>
    int CountOf(Toward toward, int segment);

    /// <summary>Reads some memberships of a node or hyperedge.</summary>
    /// <param name="toward">Whether the segment is a node or a hyperedge.</param>
    /// <param name="segment">Its number.</param>
    /// <param name="places">Which of its memberships, ascending, each from 0 to below their count.</param>
    /// <param name="memberships">Gets their numbers.</param>
    /// <param name="others">Gets the hyperedges or nodes at their other ends.</param>
    void Read(Toward toward, int segment, ReadOnlySpan<int> places, Span<long> memberships, Span<int> others);

    /// <summary>Says what will be read soon, so that it can be fetched all at once; a source in memory has nothing to do.</summary>
    /// <param name="toward">Whether the segments are nodes or hyperedges.</param>
    /// <param name="segments">Their numbers.</param>
    /// <param name="rows">Whether their memberships will be read, or their counts alone.</param>
    void Announce(Toward toward, ReadOnlySpan<int> segments, bool rows)
    {
    }
}
