using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// A hypergraph for networks that hold a row for every membership: with positional encodings, and the pairs that attention inside hyperedges and inside nodes
/// is computed over. Made once for a graph; pairs are listed at their first use.
/// </summary>
/// <remarks>
/// A segment is a hyperedge with its memberships, or a node with its memberships. Attention over a segment is a sparse product over pairs, as that of nodes and
/// hyperedges is: its memberships stand on one side, and on the other the same ones, or some rows that the segment has. No loop over segments is made. Pairs of all
/// with all take memory of the sum of the squared sizes. A membership has a row of its own: a node twice in a hyperedge has two.
/// </remarks>
public sealed class MembershipGraph : IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(Toward Toward, int Rows), Incidence> _pairs = [];

    /// <summary>Adds encodings to a hypergraph.</summary>
    /// <param name="graph">Its structure alone counts. Stays the caller's to dispose.</param>
    /// <param name="encodingsInEdges">
    /// Where each membership stands inside its hyperedge, <c>[M, P]</c>: <see cref="MembershipRanks"/> makes such. Stays the caller's; null for none.
    /// </param>
    /// <param name="encodingsInNodes">Where it stands inside its node, <c>[M, P]</c>; null means the same as inside its hyperedge, as the authors of CoNHD do.</param>
    /// <exception cref="ArgumentException">Encodings have not one row for each membership, or there are some inside nodes alone.</exception>
    public MembershipGraph(Hypergraph graph, Tensor? encodingsInEdges = null, Tensor? encodingsInNodes = null)
    {
        ArgumentNullException.ThrowIfNull(graph);
        Graph = graph;
        EncodingsInEdges = encodingsInEdges;
        EncodingsInNodes = encodingsInNodes ?? encodingsInEdges;
        foreach (Tensor encodings in new[] { EncodingsInEdges, EncodingsInNodes }.OfType<Tensor>())
        {
            if (encodings.Rank != 2 || encodings.Shape[0] != graph.MembershipCount || encodings.Shape[1] != EncodingsInEdges?.Shape[1])
            {
                throw new ArgumentException(
                    $"MembershipGraph: encodings inside hyperedges and inside nodes must both be [{graph.MembershipCount}, P], a row for each membership; got "
                    + $"{encodingsInEdges?.Shape.ToString() ?? "none"} and {encodingsInNodes?.Shape.ToString() ?? "the same"}.");
            }
        }
    }

    /// <summary>The hypergraph.</summary>
    public Hypergraph Graph { get; }

    /// <summary>Where each membership stands inside its hyperedge, <c>[M, P]</c>, or null.</summary>
    public Tensor? EncodingsInEdges { get; }

    /// <summary>Where each membership stands inside its node, <c>[M, P]</c>, or null.</summary>
    public Tensor? EncodingsInNodes { get; }

    /// <summary>P: the numbers of an encoding; 0 without encodings.</summary>
    public int EncodingSize => EncodingsInEdges?.Shape[1] ?? 0;

    /// <summary>
    /// All memberships of a segment with all of them: an incidence of M "nodes", who ask, and M "hyperedges", who are asked. The pairs of one who asks are together.
    /// </summary>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <returns>Lives as long as this graph; not the caller's to dispose.</returns>
    /// <exception cref="ArgumentException">There are more pairs than an array holds.</exception>
    public Incidence AllPairs(Toward toward) => Pairs(toward, 0);

    /// <summary>
    /// All memberships of a segment with k rows of the segment's own: an incidence of M "nodes" and k "hyperedges" for every segment. Pair <c>k i + j</c> is that of
    /// membership i and row j of its segment, which is row <c>k s + j</c> of all.
    /// </summary>
    /// <param name="toward">Whether segments are hyperedges or nodes.</param>
    /// <param name="rows">k, at least 1.</param>
    /// <returns>Lives as long as this graph; not the caller's to dispose.</returns>
    /// <exception cref="ArgumentException">rows is less than 1, or there are more pairs than an array holds.</exception>
    public Incidence PairsWithRows(Toward toward, int rows) =>
        rows < 1 ? throw new ArgumentException($"MembershipGraph: a segment must have at least one row; got {rows}.", nameof(rows)) : Pairs(toward, rows);

    /// <summary>Disposes of the pairs; hypergraph and encodings stay.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (Incidence pairs in _pairs.Values)
            {
                pairs.Dispose();
            }
            _pairs.Clear();
        }
    }

    /// <summary>Checks that a layer's encodings are those of this graph.</summary>
    internal void CheckEncodings(string where, int size)
    {
        if (EncodingSize != size)
        {
            throw new ArgumentException(
                $"{where}: the graph must have encodings of {size} numbers; it has {EncodingSize}. MembershipRanks makes them; Encodings = 0 is for none.");
        }
    }

    /// <summary>Adds what a linear layer makes of the encodings to rows of memberships; nothing without a layer.</summary>
    internal Tensor Encode(Tensor rows, Linear? layer, Toward toward) =>
        (toward == Toward.Edges ? EncodingsInEdges : EncodingsInNodes) is { } encodings && layer is not null ? Ops.Add(rows, layer.Forward(encodings)) : rows;

    private Incidence Pairs(Toward toward, int rows)
    {
        lock (_gate)
        {
            if (!_pairs.TryGetValue((toward, rows), out Incidence? pairs))
            {
                pairs = rows == 0 ? ListAll(toward) : ListWithRows(toward, rows);
                _pairs.Add((toward, rows), pairs);
            }
            return pairs;
        }
    }

    private ReadOnlySpan<int> SegmentsOf(Toward toward) => toward == Toward.Edges ? Graph.Incidence.Edges : Graph.Incidence.Nodes;

    private int SegmentCount(Toward toward) => toward == Toward.Edges ? Graph.EdgeCount : Graph.NodeCount;

    private Incidence ListWithRows(Toward toward, int rows)
    {
        ReadOnlySpan<int> segments = SegmentsOf(toward);
        int[] members = new int[Room((long)rows * segments.Length)];
        int[] others = new int[members.Length];
        for (int pair = 0; pair < members.Length; pair++)
        {
            members[pair] = pair / rows;
            others[pair] = (segments[pair / rows] * rows) + (pair % rows);
        }
        return Incidence.FromPairs(segments.Length, checked(SegmentCount(toward) * rows), members, others, Graph.Incidence.Device);
    }

    private Incidence ListAll(Toward toward)
    {
        ReadOnlySpan<int> segments = SegmentsOf(toward);
        List<int>[] bySegment = new List<int>[SegmentCount(toward)];
        for (int member = 0; member < segments.Length; member++)
        {
            (bySegment[segments[member]] ??= []).Add(member);
        }
        int[] asking = new int[Room(bySegment.Sum(static members => members is null ? 0 : (long)members.Count * members.Count))];
        int[] asked = new int[asking.Length];
        int next = 0;
        for (int member = 0; member < segments.Length; member++)
        {
            List<int> members = bySegment[segments[member]];
            asking.AsSpan(next, members.Count).Fill(member);
            members.CopyTo(asked, next);
            next += members.Count;
        }
        return Incidence.FromPairs(segments.Length, segments.Length, asking, asked, Graph.Incidence.Device);
    }

    private static int Room(long pairs) => pairs <= Array.MaxLength
        ? (int)pairs
        : throw new ArgumentException($"MembershipGraph: attention inside segments would take {pairs} pairs, and {Array.MaxLength} is the most; use inducing rows.");
}
