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
        int[][] clusters = merge ? Alike(mixture.Gate, keep) : MostUsed(usage, keep);
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

    // Experts whose router rows lie close together. Rows that coincide may be fewer than are kept: those take members of the largest cluster.
    private static int[][] Alike(Gate gate, int keep)
    {
        Parameter router = gate is NoisyGate noisy ? noisy.Weight : ((LinearGate)gate).Weight;
        int[] labels = KMeans.Fit([.. router.Value.ToArray().Chunk(gate.InFeatures)], keep, new RandomStream(0)).Labels;
        List<int[]> clusters = [.. Enumerable.Range(0, labels.Length).GroupBy(expert => labels[expert]).Select(static members => members.ToArray())];
        while (clusters.Count < keep)
        {
            int[] largest = clusters.MaxBy(static members => members.Length)!;
            clusters.Remove(largest);
            clusters.AddRange([largest[..^1], largest[^1..]]);
        }
        return [.. clusters.OrderBy(static members => members[0])];
    }

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
}
