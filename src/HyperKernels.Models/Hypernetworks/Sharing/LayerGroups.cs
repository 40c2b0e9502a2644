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
        return KMeans.Fit([.. Enumerable.Range(0, weights).Select(emission.DescribeWeight)], groups, random).Labels;
    }

    private static void Check(int weights, int groups)
    {
        if (groups < 1 || groups > weights)
        {
            throw new ArgumentException($"LayerGroups: there must be between 1 and {weights} groups for {weights} weights; got {groups}.", nameof(groups));
        }
    }
}
