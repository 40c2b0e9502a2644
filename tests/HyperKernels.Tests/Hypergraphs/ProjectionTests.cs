namespace HyperKernels.Tests.Hypergraphs;

/// <summary>Projections to graphs, against products of written-out matrices.</summary>
[TestFixtureSource(typeof(SmallHypergraphs), nameof(SmallHypergraphs.Seeds))]
public sealed class ProjectionTests(int seed)
{
    [Test]
    public void CliqueProjection_IsTheProductOfTheIncidence([Values] CliqueWeights rule, [Values] bool weighted)
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = weighted ? SmallHypergraphs.Weighted(structure, seed) : structure;
        double[,] h = SmallHypergraphs.Matrix(graph);
        float[]? weights = graph.EdgeWeights?.ToArray();
        double[,] expected = new double[graph.NodeCount, graph.NodeCount];
        for (int edge = 0; edge < graph.EdgeCount; edge++)
        {
            int size = graph.Incidence.MembersOf(edge).Length;
            double divisor = rule switch { CliqueWeights.PerMember => size, CliqueWeights.PerOther => size - 1, _ => 1 };
            for (int u = 0; u < graph.NodeCount; u++)
            {
                for (int v = 0; v < graph.NodeCount; v++)
                {
                    expected[u, v] += u == v || size < 2 ? 0 : (weights?[edge] ?? 1) * h[u, edge] * h[v, edge] / divisor;
                }
            }
        }

        Assert.That(Matrix(graph.CliqueProjection(rule)), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void LineGraph_CountsSharedNodes()
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        double[,] h = SmallHypergraphs.Matrix(graph);
        double[,] expected = new double[graph.EdgeCount, graph.EdgeCount];
        for (int a = 0; a < graph.EdgeCount; a++)
        {
            for (int b = 0; b < graph.EdgeCount; b++)
            {
                expected[a, b] = a == b ? 0 : Enumerable.Range(0, graph.NodeCount).Sum(node => h[node, a] * h[node, b]);
            }
        }

        Assert.That(Matrix(graph.LineGraph()), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void StarProjection_JoinsNodesToTheirHyperedges()
    {
        using Hypergraph structure = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        Hypergraph graph = SmallHypergraphs.Weighted(structure, seed);
        double[,] h = SmallHypergraphs.Matrix(graph);
        double[,] expected = new double[graph.NodeCount + graph.EdgeCount, graph.NodeCount + graph.EdgeCount];
        for (int node = 0; node < graph.NodeCount; node++)
        {
            for (int edge = 0; edge < graph.EdgeCount; edge++)
            {
                expected[node, graph.NodeCount + edge] = expected[graph.NodeCount + edge, node] = h[node, edge];
            }
        }

        Assert.That(Matrix(graph.StarProjection()), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void WeightedGraph_AsHypergraphs_HasTheSameProducts()
    {
        using Hypergraph graph = SmallHypergraphs.Plain(seed);
        using MemoryScope scope = new();
        WeightedGraph pairs = graph.CliqueProjection();
        using Hypergraph adjacency = pairs.ToAdjacency(loops: 0.5f);
        using Hypergraph uniform = pairs.ToHypergraph();
        double[,] a = Matrix(pairs);
        float[] x = SmallHypergraphs.Numbers(graph.NodeCount, seed);
        double[] expected = [.. Enumerable.Range(0, x.Length).Select(u => (0.5 * x[u]) + Enumerable.Range(0, x.Length).Sum(v => a[u, v] * x[v]))];

        Assert.That(Ops.NodesToEdges(Tensor.From(x), adjacency).ToArray(), Is.EqualTo(expected).Within(1e-4));
        Assert.That(Ops.EdgesToNodes(Tensor.From(x), adjacency).ToArray(), Is.EqualTo(expected).Within(1e-4), "the graph is undirected");
        Assert.That(uniform.EdgeCount, Is.EqualTo(pairs.EdgeCount));
        Assert.That(Matrix(uniform.CliqueProjection()), Is.EqualTo(a).Within(1e-6));
        Assert.That(pairs.ToString(), Is.EqualTo($"{graph.NodeCount} nodes, {uniform.EdgeCount} edges"));
    }

    private static double[,] Matrix(WeightedGraph graph)
    {
        double[,] matrix = new double[graph.NodeCount, graph.NodeCount];
        for (int node = 0; node < graph.NodeCount; node++)
        {
            int[] neighbours = graph.NeighboursOf(node).ToArray();
            Assert.That(neighbours, Is.Ordered.Ascending.And.Unique);
            for (int i = 0; i < neighbours.Length; i++)
            {
                matrix[node, neighbours[i]] = graph.WeightsOf(node)[i];
            }
        }
        return matrix;
    }
}
