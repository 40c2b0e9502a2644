using System.Numerics.Tensors;

namespace HyperKernels.Models;

/// <summary>
/// Ranks drugs for a disease by paths of a knowledge graph: each path from a drug to the disease is a hyperedge with an embedding, and a drug's score is the
/// median cosine of its paths with those of the drugs that are prescribed.
/// </summary>
/// <remarks>
/// Computed on the host, in double precision from float32 embeddings; the embeddings are any layer's rows of hyperedges. A prescribed drug is compared
/// with its own paths too. Source: Jain, Charpignon, Chen, Philippakis, Alaa, Generating Drug Repurposing Hypotheses through the Combination of Disease-Specific
/// Hypergraphs, 2023 (arXiv 2311.09596).
/// </remarks>
public static class PathRanking
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "path-ranking",
        Title = "Path ranking for drug repurposing",
        Kind = SystemKind.Hypergraphs,
        Paper = new Paper(
            "Jain, Charpignon, Chen, Philippakis, Alaa", "Generating Drug Repurposing Hypotheses through the Combination of Disease-Specific Hypergraphs", "arXiv", 2023)
        {
            Arxiv = "2311.09596",
        },
        Equation = "score(drug) = median of cos(z_p, z_r) over its paths p and the paths r of prescribed drugs; rank 1 is the largest",
        Source = "the paper's description, evaluated directly",
        Layers = [typeof(PathRanking)],
        HypergraphDesign = new(
            HypergraphStructure.Hypergraph, HypergraphMessages.None, HypergraphAggregation.None, HypergraphTargets.Edges, HypergraphTraining.None),
        Cases = ["path_ranking"],
    };

    /// <summary>Scores all drugs.</summary>
    /// <param name="embeddings">One row per path, <c>[P, F]</c>.</param>
    /// <param name="drugOfPath">The drug at which each path begins, <c>[P]</c>, from 0 to below drugs.</param>
    /// <param name="drugs">The number of drugs.</param>
    /// <param name="prescribed">The drugs that are prescribed against the disease; one that stands twice counts once.</param>
    /// <returns>
    /// The median cosine of each drug, the mean of the two in the middle for even numbers; minus infinity for a drug without paths, or without any to compare with.
    /// </returns>
    /// <exception cref="ArgumentException">embeddings do not divide into the paths, or a drug is out of range.</exception>
    public static double[] Scores(ReadOnlySpan<float> embeddings, ReadOnlySpan<int> drugOfPath, int drugs, ReadOnlySpan<int> prescribed)
    {
        int paths = drugOfPath.Length;
        if (paths == 0 ? embeddings.Length != 0 : embeddings.Length % paths != 0)
        {
            throw new ArgumentException($"PathRanking: embeddings must be one row per path; got {embeddings.Length} numbers for {paths} paths.");
        }
        CheckDrugs("drugOfPath", drugOfPath, drugs);
        CheckDrugs("prescribed", prescribed, drugs);
        double[][] rows = Normalised(embeddings, paths);
        List<double[]>[] byDrug = new List<double[]>[drugs];
        for (int path = 0; path < paths; path++)
        {
            (byDrug[drugOfPath[path]] ??= []).Add(rows[path]);
        }
        double[][] references = [.. prescribed.ToArray().Distinct().SelectMany(drug => byDrug[drug] ?? [])];
        return Array.ConvertAll(byDrug, own => Median([.. (own ?? []).SelectMany(row => references, static (a, b) => TensorPrimitives.Dot<double>(a, b))]));
    }

    /// <summary>Ranks scores: 1 is the largest; equal ones in the order of the drugs.</summary>
    /// <param name="scores">Of <see cref="Scores"/>.</param>
    public static int[] Ranks(ReadOnlySpan<double> scores)
    {
        double[] all = scores.ToArray();
        int[] ranks = new int[all.Length];
        int rank = 0;
        foreach (int drug in Enumerable.Range(0, all.Length).OrderByDescending(drug => all[drug]))
        {
            ranks[drug] = ++rank;
        }
        return ranks;
    }

    private static void CheckDrugs(string what, ReadOnlySpan<int> ids, int drugs)
    {
        foreach (int drug in ids)
        {
            if ((uint)drug >= (uint)drugs)
            {
                throw new ArgumentException($"PathRanking: {what} must name drugs from 0 to below {drugs}; got {drug}.");
            }
        }
    }

    // A path of zeros has the cosine 0 with all.
    private static double[][] Normalised(ReadOnlySpan<float> embeddings, int paths)
    {
        double[][] rows = new double[paths][];
        int features = paths == 0 ? 0 : embeddings.Length / paths;
        for (int path = 0; path < paths; path++)
        {
            double[] row = Array.ConvertAll(embeddings.Slice(path * features, features).ToArray(), static value => (double)value);
            double length = Math.Sqrt(row.Sum(static value => value * value));
            rows[path] = length > 0 ? Array.ConvertAll(row, value => value / length) : row;
        }
        return rows;
    }

    private static double Median(double[] values)
    {
        Array.Sort(values);
        int middle = values.Length / 2;
        return values.Length == 0 ? double.NegativeInfinity : values.Length % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
    }
}
