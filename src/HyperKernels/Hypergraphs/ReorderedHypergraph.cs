namespace HyperKernels;

/// <summary>
/// A hypergraph whose nodes and hyperedges are numbered so that those which meet have close numbers, with the way there and back. Made by
/// <see cref="Hypergraph.Reordered"/>.
/// </summary>
public sealed class ReorderedHypergraph : IDisposable
{
    internal ReorderedHypergraph(Hypergraph source)
    {
        Incidence incidence = source.Incidence;
        (int[] nodes, int[] edges) = Walk(incidence);
        Nodes = new Permutation(nodes, incidence.Device);
        Edges = new Permutation(edges, incidence.Device);

        // Pairs by hyperedge, those of one hyperedge in the order they had: its sum keeps its bits.
        int[] edgeIds = Renumber(incidence.Edges, Edges);
        int[] memberships = new CountingSort(edgeIds, edges.Length).Sort(edgeIds).Positions;
        Memberships = new Permutation(memberships, incidence.Device);
        Incidence reordered = Incidence.FromPairs(
            incidence.NodeCount, incidence.EdgeCount, Pick(Renumber(incidence.Nodes, Nodes), memberships), Pick(edgeIds, memberships), incidence.Device);
        Graph = new Hypergraph(reordered, source.Rows.Take(nodes, edges, memberships), ownsIncidence: true);
    }

    /// <summary>The hypergraph in the new order.</summary>
    public Hypergraph Graph { get; }

    /// <summary>For tensors with a row per node, <c>[N, ...]</c>.</summary>
    public Permutation Nodes { get; }

    /// <summary>For tensors with a row per hyperedge, <c>[E, ...]</c>.</summary>
    public Permutation Edges { get; }

    /// <summary>For tensors with a row per membership, <c>[M, ...]</c>.</summary>
    public Permutation Memberships { get; }

    /// <summary>Disposes of the reordered graph and the permutations; the graph that it was made of stays.</summary>
    public void Dispose()
    {
        Graph.Dispose();
        Nodes.Dispose();
        Edges.Dispose();
        Memberships.Dispose();
    }

    // Breadth first over nodes and hyperedges (Cuthill and McKee, 1969, without sorting neighbours by degree, which costs more than it gives
    // here): both are numbered as they are met, so that what is used together lies between two neighbouring fronts.
    private static (int[] Nodes, int[] Edges) Walk(Incidence incidence)
    {
        Order nodes = new(incidence.NodeCount);
        Order edges = new(incidence.EdgeCount);
        for (int start = 0; start < incidence.NodeCount; start++)
        {
            // A node in no hyperedge has no place to be close to: it comes last.
            if (incidence.EdgesOf(start).IsEmpty || !nodes.Add(start))
            {
                continue;
            }
            for (int front = nodes.Count - 1; front < nodes.Count; front++)
            {
                foreach (int edge in incidence.EdgesOf(nodes.Ids[front]))
                {
                    if (!edges.Add(edge))
                    {
                        continue;
                    }
                    foreach (int member in incidence.MembersOf(edge))
                    {
                        nodes.Add(member);
                    }
                }
            }
        }
        nodes.AddRest();
        edges.AddRest();
        return (nodes.Ids, edges.Ids);
    }

    private static int[] Renumber(ReadOnlySpan<int> ids, Permutation permutation)
    {
        ReadOnlySpan<int> places = permutation.Places;
        int[] result = new int[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            result[i] = places[ids[i]];
        }
        return result;
    }

    private static int[] Pick(int[] values, int[] order)
    {
        int[] result = new int[order.Length];
        for (int i = 0; i < order.Length; i++)
        {
            result[i] = values[order[i]];
        }
        return result;
    }

    /// <summary>Ids in the order in which they were first met.</summary>
    private sealed class Order(int count)
    {
        private readonly bool[] _met = new bool[count];

        public int[] Ids { get; } = new int[count];

        public int Count { get; private set; }

        /// <returns>Whether it was new.</returns>
        public bool Add(int id)
        {
            if (_met[id])
            {
                return false;
            }
            _met[id] = true;
            Ids[Count++] = id;
            return true;
        }

        public void AddRest()
        {
            for (int id = 0; id < _met.Length; id++)
            {
                Add(id);
            }
        }
    }
}
