namespace HyperKernels.Tests;

/// <summary>A hypergraph in another order is the same hypergraph.</summary>
public sealed class ReorderedHypergraphTests
{
    private const int Features = 5;

    // Few pairs leave nodes alone and hyperedges empty; many among few ids come twice.
    private static readonly (int Nodes, int Edges, int Memberships)[] s_sizes = [(40, 30, 25), (7, 5, 200), (61, 17, 300), (1, 1, 0), (0, 0, 0), (3, 0, 0), (0, 4, 0)];

    [TestCaseSource(nameof(s_sizes))]
    public void Reordered_AnyStructure_HasTheSamePairs((int Nodes, int Edges, int Memberships) size)
    {
        using Hypergraph graph = RandomGraph(size);
        using ReorderedHypergraph order = graph.Reordered();
        Incidence incidence = order.Graph.Incidence;

        Assert.That((incidence.NodeCount, incidence.EdgeCount), Is.EqualTo((size.Nodes, size.Edges)));
        IsAPermutation(order.Nodes, size.Nodes);
        IsAPermutation(order.Edges, size.Edges);
        IsAPermutation(order.Memberships, size.Memberships);
        for (int pair = 0; pair < size.Memberships; pair++)
        {
            int before = order.Memberships.Order[pair];
            Assert.That(order.Nodes.Order[incidence.Nodes[pair]], Is.EqualTo(graph.Incidence.Nodes[before]), $"node of pair {pair}");
            Assert.That(order.Edges.Order[incidence.Edges[pair]], Is.EqualTo(graph.Incidence.Edges[before]), $"hyperedge of pair {pair}");
        }
    }

    [TestCaseSource(nameof(s_sizes))]
    public void Reordered_Products_AreTheSameInTheFirstOrder((int Nodes, int Edges, int Memberships) size)
    {
        using MemoryScope scope = new();
        RandomStream random = new(5);
        using Hypergraph structure = RandomGraph(size);
        using Hypergraph graph = structure
            .WithEdgeWeights(Ops.RandomUniform([size.Edges], random))
            .WithMembershipWeights(Ops.RandomUniform([size.Memberships], random));
        using ReorderedHypergraph order = graph.Reordered();
        Tensor nodes = Ops.RandomNormal([size.Nodes, Features], random);

        Tensor edges = Ops.NodesToEdges(nodes, graph);
        Tensor edgesInOrder = Ops.NodesToEdges(order.Nodes.Apply(nodes), order.Graph);
        // Members of a hyperedge keep their order, and with it the bits of their sum.
        Assert.That(order.Edges.Undo(edgesInOrder).ToArray(), Is.EqualTo(edges.ToArray()));

        Tensor again = Ops.EdgesToNodes(edges, graph, graph.EdgeScale, graph.SymmetricNodeScale);
        Tensor againInOrder = Ops.EdgesToNodes(edgesInOrder, order.Graph, order.Graph.EdgeScale, order.Graph.SymmetricNodeScale);
        Assert.That(order.Nodes.Undo(againInOrder).ToArray(), Is.EqualTo(again.ToArray()).Within(1e-5f));
    }

    [Test]
    public void Reordered_EdgeWeights_GetTheirGradient()
    {
        using Hypergraph structure = RandomGraph((30, 20, 80));
        using Tape tape = new();
        RandomStream random = new(6);
        Tensor nodes = Ops.RandomNormal([30, Features], random), seed = Ops.RandomNormal([30, Features], random);
        Tensor weights = tape.Watch(Ops.RandomUniform([20], random));
        Hypergraph graph = structure.WithEdgeWeights(weights);
        using ReorderedHypergraph order = graph.Reordered();

        Tensor plain = Ops.EdgesToNodes(Ops.NodesToEdges(nodes, graph), graph, graph.EdgeScale);
        Tensor reordered = order.Nodes.Undo(Ops.EdgesToNodes(Ops.NodesToEdges(order.Nodes.Apply(nodes), order.Graph), order.Graph, order.Graph.EdgeScale));
        float[] expected = tape.Gradient(plain, [weights], seed)[0].ToArray();
        Assert.That(expected, Has.Some.Not.Zero);
        Assert.That(tape.Gradient(reordered, [weights], seed)[0].ToArray(), Is.EqualTo(expected).Within(1e-5f));
    }

    [Test]
    public void Reordered_ShuffledGrid_LiesInFrontsAgain()
    {
        // Squares of a grid of 40 by 40 under random numbers: members of one lie some 500 places apart, those of a walk at most two fronts of it.
        const int Side = 40;
        Random random = new(7);
        int[] names = [.. Enumerable.Range(0, Side * Side)];
        random.Shuffle(names);
        int[][] squares =
        [
            .. from y in Enumerable.Range(0, Side - 1)
               from x in Enumerable.Range(0, Side - 1)
               select (int[])[names[(y * Side) + x], names[(y * Side) + x + 1], names[((y + 1) * Side) + x], names[((y + 1) * Side) + x + 1]],
        ];
        random.Shuffle(squares);
        using Hypergraph graph = Hypergraph.FromEdges(Side * Side, squares);
        using ReorderedHypergraph order = graph.Reordered();

        Assert.That(Widest(graph.Incidence), Is.GreaterThan(1000), "the shuffled graph must have no order to begin with");
        Assert.That(Widest(order.Graph.Incidence), Is.LessThanOrEqualTo(8 * Side));
    }

    [Test]
    public void Permutation_OtherRows_SaysHowManyItNeeds()
    {
        using Hypergraph graph = RandomGraph((7, 5, 20));
        using ReorderedHypergraph order = graph.Reordered();
        using MemoryScope scope = new();
        Assert.That(
            () => order.Nodes.Apply(Tensor.Zeros([5, 2])),
            Throws.ArgumentException.With.Message.EqualTo("Permutation: the tensor must have 7 rows; it is [5, 2]."));
    }

    [Test]
    public void Dispose_OfTheReordered_LeavesTheGraph()
    {
        using Hypergraph graph = RandomGraph((7, 5, 20));
        graph.Reordered().Dispose();
        using MemoryScope scope = new();
        Assert.That(Ops.NodesToEdges(Tensor.Ones([7, 1]), graph).ToArray().Sum(), Is.EqualTo(20));
    }

    private static void IsAPermutation(Permutation permutation, int count)
    {
        Assert.That(permutation.Order.ToArray(), Is.EquivalentTo(Enumerable.Range(0, count)));
        for (int place = 0; place < count; place++)
        {
            Assert.That(permutation.Places[permutation.Order[place]], Is.EqualTo(place));
        }
    }

    private static int Widest(Incidence incidence) => Enumerable.Range(0, incidence.EdgeCount).Max(edge =>
    {
        int[] members = incidence.MembersOf(edge).ToArray();
        return members.Max() - members.Min();
    });

    private static Hypergraph RandomGraph((int Nodes, int Edges, int Memberships) size)
    {
        Random random = new(4);
        int[] Ids(int below) => [.. Enumerable.Range(0, size.Memberships).Select(_ => random.Next(below))];
        return Hypergraph.FromPairs(size.Nodes, size.Edges, Ids(size.Nodes), Ids(size.Edges));
    }
}
