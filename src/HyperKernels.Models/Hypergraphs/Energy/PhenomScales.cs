namespace HyperKernels.Models;

/// <summary>
/// What normalises the two expansions of a hypergraph: <c>A_b = S_b (H W H^T + I) S_b</c> and <c>A_g = S_g (H W De^-1 H^T + I) S_g</c> with
/// <c>S = diag(row sums)^-1/2</c>, applied to rows without being made, and their row sums d.
/// </summary>
internal sealed class PhenomScales
{
    private readonly Hypergraph _graph;
    private readonly Side _clique;
    private readonly Side _star;

    public PhenomScales(Hypergraph graph)
    {
        _graph = graph;
        _clique = new Side(graph, graph.EdgeWeights);
        _star = new Side(graph, graph.EdgeScale);
    }

    /// <summary><c>d_b</c>, <c>[N, 1]</c>.</summary>
    public Tensor CliqueDegrees => _clique.Degrees;

    /// <summary><c>d_g</c>, <c>[N, 1]</c>.</summary>
    public Tensor StarDegrees => _star.Degrees;

    /// <summary><c>A_b y</c></summary>
    public Tensor Clique(Tensor y) => _clique.Apply(_graph, y);

    /// <summary><c>A_g y</c></summary>
    public Tensor Star(Tensor y) => _star.Apply(_graph, y);

    private sealed class Side
    {
        private readonly Tensor? _edgeScale;
        private readonly Tensor _nodeScale;
        private readonly Tensor _selfScale;

        public Side(Hypergraph graph, Tensor? edgeScale)
        {
            _edgeScale = edgeScale;
            Tensor ones = Tensor.Ones([graph.NodeCount], graph.Incidence.Device);
            Tensor sums = Ops.EdgesToNodes(Ops.NodesToEdges(ones, graph, edgeScale: edgeScale), graph);

            // The identity's 1 keeps every sum away from zero.
            Tensor scaled = Ops.AddScalar(sums, 1);
            _nodeScale = Ops.Rsqrt(scaled);
            _selfScale = Ops.Reshape(Ops.Reciprocal(scaled), -1, 1);
            Degrees = Apply(graph, Ops.Reshape(ones, -1, 1));
        }

        public Tensor Degrees { get; }

        public Tensor Apply(Hypergraph graph, Tensor y)
        {
            Tensor edges = Ops.NodesToEdges(y, graph, _nodeScale, _edgeScale);
            return Ops.Add(Ops.EdgesToNodes(edges, graph, nodeScale: _nodeScale), Ops.Multiply(y, _selfScale));
        }
    }
}
