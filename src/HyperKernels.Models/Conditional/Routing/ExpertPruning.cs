using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Makes a mixture smaller for one task, after training: experts whose router rows lie close together become one, <c>W_c = sum_e u_e W_e / sum_e u_e</c> with their usage u
/// on the task, and the router's rows likewise; or the least used experts are left out. What is left is numbered anew, and the router with it.
/// </summary>
/// <remarks>
/// Source: Sarkar and others, Revisiting SMoE Language Models by Evaluating Inefficiencies with Task Specific Expert Pruning (UNCURL), 2024 (arXiv 2409.01483); the recipe is
/// a reading of its description, not verified against the authors' code.
/// </remarks>
public static class ExpertPruning
{
    private const int Rounds = 50;

    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "uncurl",
        Title = "Task-aware pruning of experts (UNCURL)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Sarkar and others", "Revisiting SMoE Language Models by Evaluating Inefficiencies with Task Specific Expert Pruning", "arXiv", 2024)
        {
            Arxiv = "2409.01483",
        },
        Equation = "W_c = sum_(e in c) u_e W_e / sum_(e in c) u_e, router rows likewise; c clusters of router rows",
        Source = "the paper's description; not verified against the authors' code",
        Layers = [typeof(SparseMixture)],
    };

    /// <summary>How many of some rows each expert serves.</summary>
    /// <param name="mixture">The mixture.</param>
    /// <param name="rows"><c>[N, inFeatures]</c> of the task.</param>
    /// <returns>A number for each expert; those of several batches may be added up.</returns>
    public static float[] UsageOf(SparseMixture mixture, Tensor rows)
    {
        ArgumentNullException.ThrowIfNull(mixture);
        float[] usage = new float[mixture.Gate.Experts];
        foreach (int expert in mixture.Route(rows).Experts.ToIntArray())
        {
            usage[expert]++;
        }
        return usage;
    }

    /// <summary>Makes the smaller mixture.</summary>
    /// <param name="mixture">With a learned gate; stays as it is.</param>
    /// <param name="usage">Of each expert on the task: <see cref="UsageOf"/>.</param>
    /// <param name="keep">How many experts are left.</param>
    /// <param name="merge">Whether experts are merged; else the most used are kept as they are.</param>
    /// <returns>A mixture that shares nothing with the given one. No more experts serve a row than are left.</returns>
    /// <exception cref="ArgumentException">The gate is of another class, the usage has another length, or keep is not from 1 to the number of experts.</exception>
    public static SparseMixture Prune(SparseMixture mixture, IReadOnlyList<float> usage, int keep, bool merge = true)
    {
        ArgumentNullException.ThrowIfNull(mixture);
        ArgumentNullException.ThrowIfNull(usage);
        if (mixture.Gate is not (LinearGate or NoisyGate) || usage.Count != mixture.Gate.Experts || keep < 1 || keep > usage.Count)
        {
            throw new ArgumentException(
                $"ExpertPruning: a LinearGate or NoisyGate, a usage for each of {mixture.Gate.Experts} experts and a number to keep from 1 to all are needed; "
                + $"got a {mixture.Gate.GetType().Name}, {usage.Count} numbers and {keep}.");
        }
        int[][] clusters = merge ? Clusters(RouterOf(mixture.Gate).Value.ToArray(), mixture.Gate.InFeatures, usage, keep) : MostUsed(usage, keep);
        ExpertMlp from = mixture.Experts;
        ExpertMlp experts = new(keep, from.InFeatures, from.HiddenFeatures, from.OutFeatures, from.Activation);
        Gate gate = mixture.Gate is NoisyGate ? new NoisyGate(from.InFeatures, keep) : new LinearGate(from.InFeatures, keep);
        IEnumerable<(Parameter, Parameter)> pairs = [.. from.Parameters.Zip(experts.Parameters), .. mixture.Gate.Parameters.Zip(gate.Parameters)];
        foreach ((Parameter old, Parameter merged) in pairs)
        {
            merged.Load(Merge(old.Value.ToArray(), clusters, usage));
        }
        SparseMixture smaller = new(gate, experts, Math.Min(mixture.Active, keep), mixture.Selection, mixture.SoftmaxOutputs, mixture.ShareSum);
        smaller.Train(mixture.Training);
        return smaller;
    }

    private static Parameter RouterOf(Gate gate) => gate is NoisyGate noisy ? noisy.Weight : ((LinearGate)gate).Weight;

    private static int[][] MostUsed(IReadOnlyList<float> usage, int keep) =>
        [.. Enumerable.Range(0, usage.Count).OrderByDescending(expert => usage[expert]).Take(keep).Order().Select(static expert => new[] { expert })];

    // The tensor's first axis: one block of numbers per expert.
    private static float[] Merge(float[] values, int[][] clusters, IReadOnlyList<float> usage)
    {
        int each = values.Length / usage.Count;
        float[] merged = new float[clusters.Length * each];
        for (int cluster = 0; cluster < clusters.Length; cluster++)
        {
            int[] members = clusters[cluster];
            double sum = members.Sum(expert => (double)usage[expert]);
            for (int i = 0; i < each; i++)
            {
                double value = members.Sum(expert => values[(expert * each) + i] * (sum > 0 ? usage[expert] / sum : 1.0 / members.Length));
                merged[(cluster * each) + i] = (float)value;
            }
        }
        return merged;
    }

    // K-means of the rows: from the most used expert on, each first centre is the row farthest from those before it.
    private static int[][] Clusters(float[] router, int size, IReadOnlyList<float> usage, int keep)
    {
        double[][] rows = [.. router.Chunk(size).Select(row => Array.ConvertAll(row, value => (double)value))];
        List<double[]> centres = [rows[Enumerable.Range(0, rows.Length).MaxBy(expert => usage[expert])]];
        while (centres.Count < keep)
        {
            centres.Add(rows.MaxBy(row => centres.Min(centre => Distance(row, centre)))!);
        }
        int[] clusterOf = new int[rows.Length];
        for (int round = 0; round < Rounds; round++)
        {
            int[] next = Array.ConvertAll(rows, row => Enumerable.Range(0, keep).MinBy(cluster => Distance(row, centres[cluster])));
            bool isSame = round > 0 && next.AsSpan().SequenceEqual(clusterOf);
            clusterOf = next;
            if (isSame)
            {
                break;
            }
            for (int cluster = 0; cluster < keep; cluster++)
            {
                double[][] members = [.. rows.Where((_, expert) => clusterOf[expert] == cluster)];
                centres[cluster] = members.Length == 0 ? centres[cluster] : [.. Enumerable.Range(0, size).Select(i => members.Average(row => row[i]))];
            }
        }
        return [.. Filled(clusterOf, keep).OrderBy(static members => members[0])];
    }

    // Rows that coincide leave clusters empty: those take members of the largest.
    private static List<int[]> Filled(int[] clusterOf, int keep)
    {
        List<int[]> clusters = [.. Enumerable.Range(0, clusterOf.Length).GroupBy(expert => clusterOf[expert]).Select(static members => members.ToArray())];
        while (clusters.Count < keep)
        {
            int[] largest = clusters.MaxBy(static members => members.Length)!;
            clusters.Remove(largest);
            clusters.AddRange([largest[..^1], largest[^1..]]);
        }
        return clusters;
    }

    private static double Distance(double[] a, double[] b) => a.Zip(b, static (x, y) => (x - y) * (x - y)).Sum();
}
