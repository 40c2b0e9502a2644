using HyperKernels.IO;

namespace HyperKernels.Cli.Data;

/// <summary>Hyperedges that came one after the other: the e-mails of Enron, or ones that the program draws.</summary>
internal static class TimedSimplices
{
    /// <summary>Reads the e-mails among Enron's employees.</summary>
    /// <param name="data">The folder of all data sets.</param>
    /// <exception cref="FileNotFoundException">They are not there.</exception>
    /// <exception cref="InvalidDataException">A file is damaged, or the times are missing.</exception>
    public static HypergraphData LoadEnron(string data)
    {
        string path = Path.Combine(data, "hypergraph", "email-enron-simplices", "email-enron-nverts.txt");
        if (!File.Exists(path))
        {
            throw new FileNotFoundException($"{path} does not exist; --data must name the folder that holds hypergraph/email-enron-simplices.");
        }
        HypergraphData enron = HypergraphFile.Read(path);
        return enron.EdgeTimes is not null ? enron : throw new InvalidDataException($"{path}: the simplices must have times; email-enron-times.txt is not beside it.");
    }

    /// <summary>Draws messages inside groups of people, mostly between two, sometimes between three, and some between strangers. Some groups talk far more than others.</summary>
    public static HypergraphData Draw(int seed)
    {
        const int People = 600;
        const int Groups = 600;
        const int Messages = 12_000;
        SplitMix random = new(seed, 0);
        int[][] groups = new int[Groups][];
        for (int group = 0; group < Groups; group++)
        {
            groups[group] = Different(ref random, People, 3 + random.Below(3));
        }
        List<int> nodes = [];
        List<int> edges = [];
        for (int message = 0; message < Messages; message++)
        {
            // The cube of a uniform number makes the first groups the busy ones.
            float place = random.Unit();
            int[] group = random.Unit() < 0.03f ? Different(ref random, People, 3) : groups[(int)(place * place * place * Groups)];
            foreach (int member in Different(ref random, group.Length, random.Unit() < 0.97f ? 2 : 3))
            {
                nodes.Add(group[member]);
                edges.Add(message);
            }
        }
        return new HypergraphData(People, Messages, [.. nodes], [.. edges]) { EdgeTimes = [.. Enumerable.Range(0, Messages).Select(static time => (long)time)] };
    }

    private static int[] Different(ref SplitMix random, int below, int count)
    {
        List<int> drawn = [];
        while (drawn.Count < count)
        {
            int next = random.Below(below);
            if (!drawn.Contains(next))
            {
                drawn.Add(next);
            }
        }
        return [.. drawn];
    }
}
