namespace HyperKernels.Models;

/// <summary>Lloyd's k-means on the host, in double precision and without gradients: for contexts, embeddings and coefficients, not for large data.</summary>
public static class KMeans
{
    private const int Starts = 10;
    private const int Rounds = 300;

    /// <summary>Puts points into clusters from spread starts, the best of ten, by squared Euclidean distance.</summary>
    /// <param name="points">Of one length.</param>
    /// <param name="clusters">How many; none stays empty while there are as many different points.</param>
    /// <param name="random">Chooses the starts.</param>
    /// <returns>The clusters; those without points are left out, and numbers follow the points: the first point is in cluster 0.</returns>
    /// <exception cref="ArgumentException">There are more clusters than points, or none.</exception>
    public static Clusters Fit(IReadOnlyList<float[]> points, int clusters, RandomStream random)
    {
        points = Rows.OfOneLength("KMeans", points);
        ArgumentNullException.ThrowIfNull(random);
        if (clusters < 1 || clusters > points.Count)
        {
            throw new ArgumentException($"KMeans: there must be between 1 and {points.Count} clusters for {points.Count} points; got {clusters}.", nameof(clusters));
        }
        Clusters? best = null;
        double least = double.PositiveInfinity;
        for (int start = 0; start < Starts; start++)
        {
            Clusters found = Iterate(points, Spread(points, clusters, random), Rounds, 0, ClusterDistance.SquaredEuclidean, stopsAtEmpty: false)!;
            double cost = points.Select((point, i) => Distance(point, found.Centres[found.Labels[i]], ClusterDistance.SquaredEuclidean)).Sum();
            (least, best) = best is null || cost < least ? (cost, found) : (least, best);
        }
        // Numbers in order of first use, without gaps.
        Dictionary<int, int> seen = [];
        int[] labels = [.. best!.Labels.Select(label => seen.TryGetValue(label, out int group) ? group : seen[label] = seen.Count)];
        return new Clusters(labels, [.. seen.Keys.Select(label => best.Centres[label])], best.Converged);
    }

    /// <summary>Moves given centres: points go to the nearest, centres to the mean of their points, until no centre moves.</summary>
    /// <param name="points">Of the centres' length.</param>
    /// <param name="centres">Where the centres begin; stays as it is.</param>
    /// <param name="rounds">The most rounds.</param>
    /// <param name="tolerance">A coordinate stands still if it moves by no more than this and a hundred thousandth of its magnitude.</param>
    /// <param name="distance">What is near.</param>
    /// <returns>The clusters; null as soon as one has no points.</returns>
    /// <exception cref="ArgumentException">There are no centres, no rounds, or points of another length.</exception>
    public static Clusters? Refine(
        IReadOnlyList<float[]> points, IReadOnlyList<double[]> centres, int rounds, double tolerance, ClusterDistance distance = ClusterDistance.SquaredEuclidean)
    {
        points = Rows.OfOneLength("KMeans", points);
        centres = Rows.OfOneLength("KMeans", centres);
        if (centres.Count == 0 || rounds < 1 || points.Any(point => point.Length != centres[0].Length))
        {
            throw new ArgumentException($"KMeans: there must be centres of the points' length and at least one round; got {centres.Count} centres and {rounds} rounds.");
        }
        return Iterate(points, [.. centres.Select(static centre => (double[])centre.Clone())], rounds, tolerance, distance, stopsAtEmpty: true);
    }

    private static Clusters? Iterate(
        IReadOnlyList<float[]> points, double[][] centres, int rounds, double tolerance, ClusterDistance distance, bool stopsAtEmpty)
    {
        int[] labels = new int[points.Count];
        bool moved = true;
        for (int round = 0; round < rounds && moved; round++)
        {
            for (int i = 0; i < labels.Length; i++)
            {
                labels[i] = Nearest(points[i], centres, distance);
            }
            moved = false;
            for (int c = 0; c < centres.Length; c++)
            {
                float[][] own = [.. points.Where((_, i) => labels[i] == c)];
                if (own.Length == 0 && stopsAtEmpty)
                {
                    return null;
                }
                moved |= own.Length > 0 && Move(centres[c], own, tolerance);
            }
        }
        return new Clusters(labels, centres, !moved);
    }

    private static int Nearest(float[] point, double[][] centres, ClusterDistance distance)
    {
        int nearest = 0;
        double least = double.PositiveInfinity;
        for (int c = 0; c < centres.Length; c++)
        {
            double own = Distance(point, centres[c], distance);
            (nearest, least) = own < least ? (c, own) : (nearest, least);
        }
        return nearest;
    }

    private static bool Move(double[] centre, float[][] own, double tolerance)
    {
        bool moved = false;
        for (int k = 0; k < centre.Length; k++)
        {
            double mean = own.Average(point => (double)point[k]);
            moved |= Math.Abs(mean - centre[k]) > tolerance + (tolerance > 0 ? 1e-5 * Math.Abs(centre[k]) : 0);
            centre[k] = mean;
        }
        return moved;
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
                double own = Distance(points[i], centres[c], ClusterDistance.SquaredEuclidean);
                distances[i] = c == 0 ? own : Math.Min(distances[i], own);
            }
        }
        return centres;
    }

    private static double Distance(float[] point, double[] centre, ClusterDistance distance)
    {
        double sum = 0;
        for (int k = 0; k < centre.Length; k++)
        {
            double difference = point[k] - centre[k];
            sum += distance == ClusterDistance.MeanAbsolute ? Math.Abs(difference) / centre.Length : difference * difference;
        }
        return sum;
    }
}
