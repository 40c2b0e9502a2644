namespace HyperKernels;

/// <summary>One hop of a <see cref="NeighbourSampler"/> while it is drawn.</summary>
internal sealed class SampledHop
{
    private readonly Hypergraph _graph;
    private readonly int _seeds;
    private readonly List<int> _nodes = [];
    private readonly List<int> _edges = [];
    private readonly List<int> _memberships = [];
    private readonly Dictionary<int, int> _nodePlaces = [];
    private readonly Dictionary<int, int> _edgePlaces = [];
    private readonly Dictionary<int, int> _membershipPlaces = [];

    // The ends of each membership, as places in the lists of nodes and hyperedges.
    private readonly List<int> _nodeOf = [];
    private readonly List<int> _edgeOf = [];

    // What each membership stands for, toward its hyperedge and toward its node.
    private readonly List<float> _edgeward = [];
    private readonly List<float> _nodeward = [];

    public SampledHop(Hypergraph graph, ReadOnlySpan<int> seeds)
    {
        _graph = graph;
        _seeds = seeds.Length;
        foreach (int seed in seeds)
        {
            Place(_nodePlaces, _nodes, seed);
        }
    }

    public SubHypergraph Draw(int edgesPerNode, int nodesPerEdge, Draws draws)
    {
        List<int> picks = [];
        for (int seed = 0; seed < _seeds; seed++)
        {
            Draw(Toward.Nodes, seed, edgesPerNode, draws, picks);
        }
        for (int edge = 0; edge < _edges.Count; edge++)
        {
            Draw(Toward.Edges, edge, nodesPerEdge, draws, picks);
        }
        GiveOuterNodesTheirDegrees();
        return ToHypergraph();
    }

    private void Draw(Toward toward, int segmentPlace, int most, Draws draws, List<int> picks)
    {
        bool ofNode = toward == Toward.Nodes;
        SegmentIndex index = _graph.Incidence.Index(toward);
        int segment = (ofNode ? _nodes : _edges)[segmentPlace];
        int start = index.Start(segment), count = index.Start(segment + 1) - start;
        int drawn = Math.Min(count, most);
        draws.Choose(count, drawn, picks);
        foreach (int pick in picks)
        {
            int membership = index.PairAt(start + pick);
            int place = Place(_membershipPlaces, _memberships, membership);
            if (place == _edgeward.Count)
            {
                _edgeward.Add(0);
                _nodeward.Add(0);
                _nodeOf.Add(ofNode ? segmentPlace : Place(_nodePlaces, _nodes, _graph.Incidence.Nodes[membership]));
                _edgeOf.Add(ofNode ? Place(_edgePlaces, _edges, _graph.Incidence.Edges[membership]) : segmentPlace);
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
        for (int place = 0; place < _memberships.Count; place++)
        {
            int node = _nodeOf[place];
            if (node >= _seeds)
            {
                _nodeward[place] = (float)_graph.Incidence.EdgesOf(_nodes[node]).Length / present[node];
            }
        }
    }

    private SubHypergraph ToHypergraph()
    {
        int[] nodes = [.. _nodes], edges = [.. _edges], edgeIds = [.. _edgeOf];
        int[] order = new CountingSort(edgeIds, edges.Length).Sort(edgeIds).Positions;
        int[] Sorted(List<int> values) => Array.ConvertAll(order, place => values[place]);
        Tensor Weights(List<float> stands, Tensor? given)
        {
            Tensor weights = Tensor.From(Array.ConvertAll(order, place => stands[place]), [order.Length], _graph.Incidence.Device);
            return given is { } own ? Ops.Multiply(weights, own) : weights;
        }

        int[] memberships = Sorted(_memberships);
        HypergraphRows rows = _graph.Rows.Take(nodes, edges, memberships);
        rows = rows with
        {
            MembershipWeights = Weights(_edgeward, rows.MembershipWeights),
            NodewardWeights = Weights(_nodeward, rows.NodewardWeights ?? rows.MembershipWeights),
        };
        Incidence incidence = Incidence.FromPairs(nodes.Length, edges.Length, Sorted(_nodeOf), Sorted(_edgeOf), _graph.Incidence.Device);
        return new SubHypergraph(_graph, new Hypergraph(incidence, rows, ownsIncidence: true), nodes, edges, memberships, _seeds);
    }

    private static int Place(Dictionary<int, int> places, List<int> ids, int id)
    {
        if (!places.TryGetValue(id, out int place))
        {
            places.Add(id, place = ids.Count);
            ids.Add(id);
        }
        return place;
    }
}
