using System.Runtime.InteropServices;

namespace HyperKernels;

/// <summary>One hop of a <see cref="NeighbourSampler"/>.</summary>
internal sealed class SampledHop
{
    private readonly IMembershipSource _source;
    private readonly int _seeds;
    private readonly List<int> _nodes = [];
    private readonly List<int> _edges = [];
    private readonly List<long> _memberships = [];
    private readonly Dictionary<int, int> _nodePlaces = [];
    private readonly Dictionary<int, int> _edgePlaces = [];
    private readonly Dictionary<long, int> _membershipPlaces = [];

    // The ends of each membership, as places in the lists of nodes and hyperedges.
    private readonly List<int> _nodeOf = [];
    private readonly List<int> _edgeOf = [];

    // What each membership stands for, toward its hyperedge and toward its node.
    private readonly List<float> _edgeward = [];
    private readonly List<float> _nodeward = [];

    // Of the segment that is drawn.
    private readonly List<int> _picks = [];
    private long[] _pickedMemberships = [];
    private int[] _pickedOthers = [];

    public SampledHop(IMembershipSource source, ReadOnlySpan<int> seeds)
    {
        _source = source;
        _seeds = seeds.Length;
        foreach (int seed in seeds)
        {
            Place(_nodePlaces, _nodes, seed);
        }
    }

    /// <summary>The seeds, then the nodes that were reached.</summary>
    public ReadOnlySpan<int> Nodes => CollectionsMarshal.AsSpan(_nodes);

    public int MembershipCount => _memberships.Count;

    public void Draw(int edgesPerNode, int nodesPerEdge, Draws draws)
    {
        _source.Announce(Toward.Nodes, Nodes, rows: true);
        for (int seed = 0; seed < _seeds; seed++)
        {
            Draw(Toward.Nodes, seed, edgesPerNode, draws);
        }
        _source.Announce(Toward.Edges, CollectionsMarshal.AsSpan(_edges), rows: true);
        for (int edge = 0; edge < _edges.Count; edge++)
        {
            Draw(Toward.Edges, edge, nodesPerEdge, draws);
        }
        GiveOuterNodesTheirDegrees();
    }

    public SubHypergraph ToHypergraph(Device? device)
    {
        Hypergraph? graph = (_source as HypergraphMemberships)?.Graph;
        Device on = device ?? graph?.Incidence.Device ?? Device.Default;
        int[] nodes = [.. _nodes], edges = [.. _edges], edgeIds = [.. _edgeOf];
        int[] order = new CountingSort(edgeIds, edges.Length).Sort(edgeIds).Positions;
        int[] Sorted(List<int> values) => Array.ConvertAll(order, place => values[place]);
        Tensor Weights(List<float> stands, Tensor? given)
        {
            Tensor weights = Tensor.From(Array.ConvertAll(order, place => stands[place]), [order.Length], on);
            return given is { } own ? Ops.Multiply(weights, own) : weights;
        }

        int[]? memberships = _source.MembershipCount > int.MaxValue ? null : Array.ConvertAll(order, place => (int)_memberships[place]);
        HypergraphRows rows = graph?.Rows.Take(nodes, edges, memberships) ?? default;
        rows = rows with
        {
            MembershipWeights = Weights(_edgeward, rows.MembershipWeights),
            NodewardWeights = Weights(_nodeward, rows.NodewardWeights ?? rows.MembershipWeights),
        };
        Incidence incidence = Incidence.FromPairs(nodes.Length, edges.Length, Sorted(_nodeOf), Sorted(_edgeOf), on);
        return new SubHypergraph(_source, new Hypergraph(incidence, rows, ownsIncidence: true), nodes, edges, memberships, _seeds);
    }

    private void Draw(Toward toward, int segmentPlace, int most, Draws draws)
    {
        bool ofNode = toward == Toward.Nodes;
        int segment = (ofNode ? _nodes : _edges)[segmentPlace];
        int count = _source.CountOf(toward, segment);
        int drawn = Math.Min(count, most);
        draws.Choose(count, drawn, _picks);
        if (_pickedOthers.Length < drawn)
        {
            (_pickedMemberships, _pickedOthers) = (new long[2 * drawn], new int[2 * drawn]);
        }
        _source.Read(toward, segment, CollectionsMarshal.AsSpan(_picks), _pickedMemberships.AsSpan(0, drawn), _pickedOthers.AsSpan(0, drawn));
        for (int pick = 0; pick < drawn; pick++)
        {
            int place = Place(_membershipPlaces, _memberships, _pickedMemberships[pick]);
            if (place == _edgeward.Count)
            {
                int other = _pickedOthers[pick];
                _edgeward.Add(0);
                _nodeward.Add(0);
                _nodeOf.Add(ofNode ? segmentPlace : Place(_nodePlaces, _nodes, other));
                _edgeOf.Add(ofNode ? Place(_edgePlaces, _edges, other) : segmentPlace);
            }
            (ofNode ? _nodeward : _edgeward)[place] = (float)count / drawn;
        }
    }

    // Nodes that are no seeds give and do not receive, but layers scale what they give by their degree: it is shared among the memberships that are here.
    private void GiveOuterNodesTheirDegrees()
    {
        int[] present = new int[_nodes.Count];
        foreach (int node in _nodeOf)
        {
            present[node]++;
        }
        int[] degrees = new int[_nodes.Count];
        _source.Announce(Toward.Nodes, Nodes[_seeds..], rows: false);
        for (int node = _seeds; node < degrees.Length; node++)
        {
            degrees[node] = _source.CountOf(Toward.Nodes, _nodes[node]);
        }
        for (int place = 0; place < _memberships.Count; place++)
        {
            int node = _nodeOf[place];
            if (node >= _seeds)
            {
                _nodeward[place] = (float)degrees[node] / present[node];
            }
        }
    }

    private static int Place<T>(Dictionary<T, int> places, List<T> ids, T id)
        where T : notnull
    {
        ref int place = ref CollectionsMarshal.GetValueRefOrAddDefault(places, id, out bool known);
        if (!known)
        {
            place = ids.Count;
            ids.Add(id);
        }
        return place;
    }
}
