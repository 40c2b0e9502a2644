namespace HyperKernels;

/// <summary>
/// Draws a few hyperedges of each node, and a few members of each hyperedge, hop by hop: batches of a hypergraph that is too large for whole passes. Weights
/// make up for what was left out: sums over a node's hyperedges and over a hyperedge's members are right on average.
/// </summary>
/// <remarks>
/// <para>
/// Of a node's d memberships a are drawn without replacement (all if d is at most a), each with weight d / a toward the node; of the k memberships of every
/// hyperedge so reached b are drawn, each with weight k / b toward the hyperedge. Every hop draws anew: then the rows of the seeds after any number of linear
/// layers have the mean that they have without sampling. Degrees are those of the whole where weights are ones, so that layers scale as they would there.
/// </para>
/// <para>Source of the scheme: W. Hamilton, R. Ying, J. Leskovec, Inductive representation learning on large graphs, 2017, carried over to both sides of the incidence.</para>
/// </remarks>
public sealed class NeighbourSampler
{
    private readonly IMembershipSource _source;
    private readonly int _edgesPerNode;
    private readonly int _nodesPerEdge;
    private readonly int _hops;

    /// <summary>Prepares draws from a hypergraph, which stays the caller's.</summary>
    /// <param name="graph">The whole. For batches of hyperedges give its dual.</param>
    /// <param name="edgesPerNode">a: at most so many memberships of each node; <see cref="int.MaxValue"/> for all.</param>
    /// <param name="nodesPerEdge">b: at most so many memberships of each hyperedge; <see cref="int.MaxValue"/> for all.</param>
    /// <param name="hops">How many convolutions follow each other.</param>
    /// <exception cref="ArgumentException">A number is below 1.</exception>
    public NeighbourSampler(Hypergraph graph, int edgesPerNode, int nodesPerEdge, int hops = 1)
        : this(new HypergraphMemberships(graph), edgesPerNode, nodesPerEdge, hops)
    {
    }

    /// <summary>Prepares draws from memberships that are kept elsewhere: in files, for example. They have no weights, types and roles.</summary>
    /// <param name="source">The whole; stays the caller's.</param>
    /// <param name="edgesPerNode">a: at most so many memberships of each node; <see cref="int.MaxValue"/> for all.</param>
    /// <param name="nodesPerEdge">b: at most so many memberships of each hyperedge; <see cref="int.MaxValue"/> for all.</param>
    /// <param name="hops">How many convolutions follow each other.</param>
    /// <exception cref="ArgumentException">A number is below 1.</exception>
    public NeighbourSampler(IMembershipSource source, int edgesPerNode, int nodesPerEdge, int hops = 1)
    {
        ArgumentNullException.ThrowIfNull(source);
        if (edgesPerNode < 1 || nodesPerEdge < 1 || hops < 1)
        {
            Throw.Argument($"NeighbourSampler: edges per node, nodes per edge and hops must be at least 1; got {edgesPerNode}, {nodesPerEdge} and {hops}.");
        }
        (_source, _edgesPerNode, _nodesPerEdge, _hops) = (source, edgesPerNode, nodesPerEdge, hops);
    }

    /// <summary>Draws the surroundings of some nodes.</summary>
    /// <param name="seeds">Nodes, each once; the batch.</param>
    /// <param name="random">Where the draws come from: the same place of the same stream gives the same sample.</param>
    /// <exception cref="ArgumentException">A seed is out of range or comes twice.</exception>
    /// <remarks>Takes time in proportion to what is drawn, and to nothing else.</remarks>
    public SampledHypergraph Sample(ReadOnlySpan<int> seeds, RandomStream random) => Draw(seeds, random).ToHypergraphs();

    /// <summary>Draws what <see cref="Sample"/> draws as plain lists: on a thread that prepares batches for another, for example.</summary>
    /// <param name="seeds">Nodes, each once; the batch.</param>
    /// <param name="random">Where the draws come from: the same place of the same stream gives the same sample.</param>
    /// <exception cref="ArgumentException">A seed is out of range or comes twice.</exception>
    public NeighbourDraw Draw(ReadOnlySpan<int> seeds, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        HashSet<int> met = [];
        foreach (int seed in seeds)
        {
            Hypergraph.CheckId("NeighbourSampler", "node", seed, _source.NodeCount, met.Add(seed));
        }
        Draws draws = new(random);
        SampledHop[] hops = new SampledHop[_hops];
        for (int hop = 0; hop < _hops; hop++)
        {
            hops[hop] = new SampledHop(_source, hop == 0 ? seeds : hops[hop - 1].Nodes);
            hops[hop].Draw(_edgesPerNode, _nodesPerEdge, draws);
        }
        return new NeighbourDraw(hops);
    }
}
