using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Ways to choose which weights share a bank. A choice by hand is a list with the group of every weight; here are the others. All give a
/// group number per weight, from 0 without gaps.
/// </summary>
public static class LayerGroups
{
    /// <summary>The templates of every layer while groups are learned.</summary>
    public const int LearningTemplates = 4;

    private const int Starts = 10;
    private const int Rounds = 300;

    /// <summary>Weights of one shape in a group.</summary>
    /// <param name="manifest">The weights.</param>
    public static int[] ByShape(TargetManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        Dictionary<Shape, int> seen = [];
        return [.. manifest.Entries.Select(entry => seen.TryGetValue(entry.Shape, out int group) ? group : seen[entry.Shape] = seen.Count)];
    }

    /// <summary>Weights with one number of axes in a group: matrices apart from kernels.</summary>
    /// <param name="manifest">The weights.</param>
    public static int[] ByKind(TargetManifest manifest)
    {
        ArgumentNullException.ThrowIfNull(manifest);
        Dictionary<int, int> seen = [];
        return [.. manifest.Entries.Select(entry => seen.TryGetValue(entry.Shape.Rank, out int group) ? group : seen[entry.Shape.Rank] = seen.Count)];
    }

    /// <summary>A group at random for every weight; none stays empty.</summary>
    /// <param name="weights">How many there are.</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="random">Decides.</param>
    /// <exception cref="ArgumentException">There are more groups than weights, or none.</exception>
    public static int[] Random(int weights, int groups, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(random);
        Check(weights, groups);
        float[] draws = new float[weights];
        random.FillUniform(draws);
        int[] order = new int[weights];
        random.FillPermutation(order);
        // The first of the shuffled weights get a group each, so that every group has one.
        int[] result = new int[weights];
        for (int i = 0; i < weights; i++)
        {
            result[order[i]] = i < groups ? i : Math.Min((int)(draws[i] * groups), groups - 1);
        }
        return result;
    }

    /// <summary>Weights whose coefficients ended up alike in a group: k-means over them.</summary>
    /// <param name="trained">A network made with <see cref="ShapeshifterOptions.LearnsGroups"/> and trained for some epochs (15 in the paper).</param>
    /// <param name="groups">How many groups.</param>
    /// <param name="random">Starts the clustering.</param>
    /// <exception cref="ArgumentException">The network is no such network, or there are more groups than weights, or none.</exception>
    public static int[] Learned(HyperNetwork trained, int groups, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(trained);
        ArgumentNullException.ThrowIfNull(random);
        if (trained.Emission is not ShapeshifterEmission emission)
        {
            throw new ArgumentException(
                $"LayerGroups.Learned: the network must generate by a ShapeshifterEmission; it does by a {trained.Emission.GetType().Name}.", nameof(trained));
        }
        int weights = emission.Manifest.Entries.Count;
        Check(weights, groups);
        return Cluster([.. Enumerable.Range(0, weights).Select(emission.DescribeWeight)], groups, random);
    }

    /// <summary>Puts points into clusters: k-means from spread starts, the best of ten.</summary>
    /// <param name="points">Of one length.</param>
    /// <param name="clusters">How many; none stays empty while there are as many different points.</param>
    /// <param name="random">Chooses the starts.</param>
    /// <returns>For every point its cluster.</returns>
    public static int[] Cluster(IReadOnlyList<float[]> points, int clusters, RandomStream random)
    {
        ArgumentNullException.ThrowIfNull(points);
        ArgumentNullException.ThrowIfNull(random);
        Check(points.Count, clusters);
        int[] best = [];
        double least = double.PositiveInfinity;
        for (int start = 0; start < Starts; start++)
        {
            double[][] centres = Spread(points, clusters, random);
            int[] labels = new int[points.Count];
            for (int round = 0; round < Rounds && Assign(points, centres, labels) | round == 0; round++)
            {
                Move(points, centres, labels);
            }
            double cost = points.Select((point, i) => Distance(point, centres[labels[i]])).Sum();
            if (cost < least)
            {
                (least, best) = (cost, labels);
            }
        }
        // Numbers in order of first use, without gaps.
        Dictionary<int, int> seen = [];
        return [.. best.Select(label => seen.TryGetValue(label, out int group) ? group : seen[label] = seen.Count)];
    }

    // Arthur and Vassilvitskii's k-means++: every further start is drawn with a chance that grows with its squared distance to the nearest one.
    private static double[][] Spread(IReadOnlyList<float[]> points, int clusters, RandomStream random)
    {
        float[] draws = new float[clusters];
        random.FillUniform(draws);
        double[][] centres = new double[clusters][];
        double[] distances = [.. points.Select(static _ => 1.0)];
        for (int c = 0; c < clusters; c++)
        {
            double left = draws[c] * distances.Sum();
            int pick = 0;
            while (pick < points.Count - 1 && (left >= distances[pick] || distances[pick] == 0))
            {
                left -= distances[pick++];
            }
            centres[c] = Array.ConvertAll(points[pick], static x => (double)x);
            for (int i = 0; i < distances.Length; i++)
            {
                double own = Distance(points[i], centres[c]);
                distances[i] = c == 0 ? own : Math.Min(distances[i], own);
            }
        }
        return centres;
    }

    private static bool Assign(IReadOnlyList<float[]> points, double[][] centres, int[] labels)
    {
        bool changed = false;
        for (int i = 0; i < labels.Length; i++)
        {
            int nearest = 0;
            for (int c = 1; c < centres.Length; c++)
            {
                nearest = Distance(points[i], centres[c]) < Distance(points[i], centres[nearest]) ? c : nearest;
            }
            changed |= labels[i] != nearest;
            labels[i] = nearest;
        }
        return changed;
    }

    private static void Move(IReadOnlyList<float[]> points, double[][] centres, int[] labels)
    {
        for (int c = 0; c < centres.Length; c++)
        {
            float[][] own = [.. points.Where((_, i) => labels[i] == c)];
            for (int k = 0; own.Length > 0 && k < centres[c].Length; k++)
            {
                centres[c][k] = own.Average(point => (double)point[k]);
            }
        }
    }

    private static double Distance(float[] point, double[] centre)
    {
        double sum = 0;
        for (int k = 0; k < centre.Length; k++)
        {
            sum += (point[k] - centre[k]) * (point[k] - centre[k]);
        }
        return sum;
    }

    private static void Check(int weights, int groups)
    {
        if (groups < 1 || groups > weights)
        {
            throw new ArgumentException($"LayerGroups: there must be between 1 and {weights} groups for {weights} weights; got {groups}.", nameof(groups));
        }
    }
}
