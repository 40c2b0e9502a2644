namespace HyperKernels.Cli.Data;

/// <summary>A hypergraph whose nodes have features and belong to classes, with ways to split them into training, validation and test.</summary>
/// <param name="Name">What reports call it.</param>
/// <param name="Nodes">The number of nodes.</param>
/// <param name="Edges">The number of hyperedges.</param>
/// <param name="NodeIds">The node of each membership.</param>
/// <param name="EdgeIds">The hyperedge of each membership.</param>
/// <param name="Features">[Nodes, FeatureCount], row-major.</param>
/// <param name="FeatureCount">Features of a node.</param>
/// <param name="Labels">The class of each node.</param>
/// <param name="Splits">For each split the role of each node: 0 training, 1 validation, 2 test.</param>
/// <param name="IsWords">Whether features are words; else they come from the structure.</param>
internal sealed partial record CommunityGraph(
    string Name,
    int Nodes,
    int Edges,
    int[] NodeIds,
    int[] EdgeIds,
    float[] Features,
    int FeatureCount,
    int[] Labels,
    IReadOnlyList<byte[]> Splits,
    bool IsWords = true)
{
    public const byte TrainingRole = 0;
    public const byte ValidationRole = 1;
    public const byte TestRole = 2;

    /// <summary>The number of classes.</summary>
    public int Classes => Labels.Max() + 1;

    /// <summary>The nodes that have a role in a split.</summary>
    public int[] With(int split, byte role) => [.. Enumerable.Range(0, Nodes).Where(node => Splits[split][node] == role)];

    /// <summary>The same with other splits: of every class so many nodes to train and to validate, the others to test.</summary>
    /// <param name="training">Nodes of a class to train.</param>
    /// <param name="validation">Nodes of a class to validate.</param>
    /// <param name="splits">How many.</param>
    /// <param name="seed">Draws them.</param>
    public CommunityGraph SplitByClass(int training, int validation, int splits, int seed)
    {
        byte[] Split(int split)
        {
            int[] met = new int[Classes];
            byte[] roles = new byte[Nodes];
            foreach (int node in Order(Nodes, new SplitMix(seed, split + 1)))
            {
                int before = met[Labels[node]]++;
                roles[node] = before < training ? TrainingRole : before < training + validation ? ValidationRole : TestRole;
            }
            return roles;
        }
        return this with { Splits = [.. Enumerable.Range(0, splits).Select(Split)] };
    }

    /// <summary>
    /// The same with other splits: a share of all nodes to train, at least one of every class, another to validate, and the others to test.
    /// </summary>
    /// <param name="training">To train, of 1.</param>
    /// <param name="validation">To validate, of 1.</param>
    /// <param name="splits">How many.</param>
    /// <param name="seed">Draws them.</param>
    public CommunityGraph SplitByShare(double training, double validation, int splits, int seed)
    {
        byte[] Split(int split)
        {
            int[] order = Order(Nodes, new SplitMix(seed, split + 1));
            int[] first = [.. order.DistinctBy(node => Labels[node])];
            byte[] roles = new byte[Nodes];
            int place = 0;
            foreach (int node in first.Concat(order.Except(first)))
            {
                bool trains = place < Math.Max(first.Length, Math.Round(training * Nodes));
                roles[node] = trains ? TrainingRole : place < Math.Round((training + validation) * Nodes) ? ValidationRole : TestRole;
                place++;
            }
            return roles;
        }
        return this with { Splits = [.. Enumerable.Range(0, splits).Select(Split)] };
    }

    /// <summary>The same without the nodes that are in no hyperedge; it has no splits.</summary>
    public CommunityGraph WithoutIsolated()
    {
        int[] kept = [.. NodeIds.Distinct().Order()];
        Dictionary<int, int> place = kept.Index().ToDictionary(static pair => pair.Item, static pair => pair.Index);
        return this with
        {
            Name = $"{Name}, connected nodes",
            Nodes = kept.Length,
            NodeIds = Array.ConvertAll(NodeIds, node => place[node]),
            Features = [.. kept.SelectMany(node => new ArraySegment<float>(Features, node * FeatureCount, FeatureCount))],
            Labels = Array.ConvertAll(kept, node => Labels[node]),
            Splits = [],
        };
    }

    /// <summary>
    /// Plants communities: members of a hyperedge come mostly from one community, words of a node mostly too, and a tenth of the nodes
    /// is in no hyperedge at all.
    /// </summary>
    /// <param name="seed">Of everything drawn.</param>
    /// <param name="protocol">The three splits have half of the nodes to train, or a twentieth and no validation.</param>
    public static CommunityGraph Plant(int seed, NodeProtocol protocol)
    {
        const int Nodes = 1200;
        const int Communities = 6;
        const int Edges = 900;
        const int Words = 240;
        const int WordsPerNode = 12;
        SplitMix random = new(seed, 0);
        int[] labels = new int[Nodes];
        float[] features = new float[Nodes * Words];
        List<int>[] connected = [.. Enumerable.Range(0, Communities).Select(_ => new List<int>())];
        for (int node = 0; node < Nodes; node++)
        {
            labels[node] = random.Below(Communities);
            if (random.Unit() > 0.1f)
            {
                connected[labels[node]].Add(node);
            }
            for (int word = 0; word < WordsPerNode; word++)
            {
                // A sixth of the words belongs to the community, and a third of what is said is said in them.
                int own = (labels[node] * Words / Communities) + random.Below(Words / Communities);
                features[(node * Words) + (random.Unit() < 0.22f ? own : random.Below(Words))] = 1;
            }
        }
        List<int> nodeIds = [];
        List<int> edgeIds = [];
        for (int edge = 0; edge < Edges; edge++)
        {
            int community = random.Below(Communities);
            int size = 2 + random.Below(5);
            for (int member = 0; member < size; member++)
            {
                List<int> from = connected[random.Unit() < 0.8f ? community : random.Below(Communities)];
                nodeIds.Add(from[random.Below(from.Count)]);
                edgeIds.Add(edge);
            }
        }
        byte[][] splits = [.. Enumerable.Range(0, 3).Select(split => RandomSplit(Nodes, new SplitMix(seed, split + 1), protocol))];
        return new CommunityGraph("planted communities", Nodes, Edges, [.. nodeIds], [.. edgeIds], features, Words, labels, splits);
    }

    private static byte[] RandomSplit(int nodes, SplitMix random, NodeProtocol protocol)
    {
        int[] order = Order(nodes, random);
        byte[] roles = new byte[nodes];
        for (int i = 0; i < nodes; i++)
        {
            roles[order[i]] = protocol == NodeProtocol.Published ? i < nodes / 20 ? TrainingRole : TestRole
                : i < nodes / 2 ? TrainingRole : i < nodes * 3 / 4 ? ValidationRole : TestRole;
        }
        return roles;
    }

    private static int[] Order(int nodes, SplitMix random)
    {
        int[] order = [.. Enumerable.Range(0, nodes)];
        for (int i = nodes - 1; i > 0; i--)
        {
            int at = random.Below(i + 1);
            (order[i], order[at]) = (order[at], order[i]);
        }
        return order;
    }
}
