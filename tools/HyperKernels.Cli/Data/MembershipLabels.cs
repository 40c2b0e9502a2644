using HyperKernels.IO;

namespace HyperKernels.Cli.Data;

/// <summary>A hypergraph in which a node has a class for every hyperedge that it is in, with hyperedges to train, to validate and to test.</summary>
/// <param name="Name">What reports call it.</param>
/// <param name="Graph">All hyperedges; a class for every pair.</param>
/// <param name="Training">Hyperedges whose classes may be learned from.</param>
/// <param name="Validation">Hyperedges to look at in between.</param>
/// <param name="Test">Hyperedges to look at in the end.</param>
internal sealed record MembershipLabels(string Name, HypergraphData Graph, int[] Training, int[] Validation, int[] Test)
{
    /// <summary>The class of each pair.</summary>
    public int[] Labels => Graph.MembershipLabels!;

    /// <summary>The number of classes.</summary>
    public int Classes { get; } = Graph.MembershipLabels!.Max() + 1;

    /// <summary>Reads a data set in the layout of CoNHD's, with its split.</summary>
    /// <param name="data">The folder of all data sets.</param>
    /// <param name="folder">That of this one, inside <c>hypergraph</c>.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or a hyperedge is for validation and for tests.</exception>
    public static MembershipLabels Load(string data, string folder)
    {
        string File(string name) => Path.Combine(data, "hypergraph", folder, name);
        string path = File("hypergraph.txt");
        if (!System.IO.File.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist; --data must name the folder that holds hypergraph/{folder}.");
        }
        HypergraphData graph = HyperedgeListFile.Read(path, new HyperedgeListOptions { MembershipLabelsPath = File("hypergraph_pos.txt") });
        int[] validation = HyperedgeListFile.ReadNumbers(File("valid_hindex.txt"), graph.EdgeCount);
        int[] test = HyperedgeListFile.ReadNumbers(File("test_hindex.txt"), graph.EdgeCount);
        HashSet<int> held = [.. validation, .. test];
        if (held.Count != validation.Length + test.Length)
        {
            throw new InvalidDataException($"{File("test_hindex.txt")}: every hyperedge may be held out once; it shares some with valid_hindex.txt, or names some twice.");
        }
        return new MembershipLabels(folder, graph, [.. Enumerable.Range(0, graph.EdgeCount).Where(edge => !held.Contains(edge))], validation, test);
    }

    /// <summary>Draws messages. Who writes most of all in a message has sent it (0), but for one in ten; the others receive it (1). So a class depends on company.</summary>
    public static MembershipLabels Draw(int seed)
    {
        const int People = 200;
        const int Messages = 2400;
        const float Exceptions = 0.1f;
        SplitMix random = new(seed, 0);
        List<int> nodes = [];
        List<int> edges = [];
        List<int> labels = [];
        for (int message = 0; message < Messages; message++)
        {
            HashSet<int> members = [];
            int size = 2 + random.Below(3);
            while (members.Count < size)
            {
                // Low numbers come often.
                float place = random.Unit();
                members.Add((int)(place * place * People));
            }
            int sender = random.Unit() < Exceptions ? members.ElementAt(random.Below(size)) : members.Min();
            foreach (int member in members)
            {
                nodes.Add(member);
                edges.Add(message);
                labels.Add(member == sender ? 0 : 1);
            }
        }
        int[] Part(int start, int end) => [.. Enumerable.Range(start, end - start)];
        return new MembershipLabels(
            "drawn messages",
            new HypergraphData(People, Messages, [.. nodes], [.. edges]) { MembershipLabels = [.. labels] },
            Part(0, Messages * 6 / 10),
            Part(Messages * 6 / 10, Messages * 8 / 10),
            Part(Messages * 8 / 10, Messages));
    }
}
