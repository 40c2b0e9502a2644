namespace HyperKernels.Models;

/// <summary>What refitting the gate of <see cref="ContextExperts"/> found.</summary>
/// <param name="Assignment">For every system its cluster.</param>
/// <param name="Centroids">For every cluster the mean of its contexts; the next fit begins with them.</param>
/// <param name="Chosen">For every cluster its expert.</param>
/// <param name="Gate">The gate, a row for every number of a context (and the constant), a column for every expert.</param>
public sealed record GateFit(int[] Assignment, double[][] Centroids, int[] Chosen, double[][] Gate)
{
    /// <summary>Clusters contexts, gives every cluster an expert of its own, and fits the gate to that choice.</summary>
    /// <param name="contexts">The contexts of n systems.</param>
    /// <param name="losses">For every system the loss of each of E experts.</param>
    /// <param name="centroids">E centroids to begin with: those of the fit before, or small random numbers.</param>
    /// <param name="bias">Whether a constant 1 stands behind every context.</param>
    /// <param name="noise">The deviation of noise that is added to contexts for the last step; the authors' is 1e-4.</param>
    /// <param name="random">Draws the noise; null means <see cref="Layers.Initializer.Random"/>.</param>
    /// <param name="rounds">The most rounds of k-means.</param>
    /// <param name="tolerance">When centroids stand still.</param>
    /// <returns>Null where a cluster is empty or k-means does not come to rest: then the gate stays as it is.</returns>
    /// <exception cref="ArgumentException">There are no systems, not as many rows of losses, or not as many centroids as experts.</exception>
    /// <remarks>
    /// Distances are mean absolute differences. A cluster's loss of an expert is the median over its systems; clusters in order take the best expert that is left. The gate is the
    /// least-squares solution of <c>[c; 1] W = one-hot</c>. Source: ddrous/MixER, trainer (train_step_gates).
    /// </remarks>
    public static GateFit? Of(
        IReadOnlyList<float[]> contexts,
        IReadOnlyList<float[]> losses,
        IReadOnlyList<double[]> centroids,
        bool bias = true,
        float noise = 0,
        RandomStream? random = null,
        int rounds = 20,
        double tolerance = 1e-4)
    {
        ArgumentNullException.ThrowIfNull(contexts);
        ArgumentNullException.ThrowIfNull(losses);
        ArgumentNullException.ThrowIfNull(centroids);
        int experts = losses.Count == 0 ? 0 : losses[0].Length;
        if (contexts.Count == 0 || contexts.Count != losses.Count || centroids.Count != experts)
        {
            throw new ArgumentException(
                $"GateFit: every system needs a context and a row of losses, every expert a centroid; got {contexts.Count} contexts, {losses.Count} rows of {experts} losses "
                + $"and {centroids.Count} centroids.");
        }
        if (KMeans.Refine(contexts, centroids, rounds, tolerance, ClusterDistance.MeanAbsolute) is not { Converged: true } clusters)
        {
            return null;
        }
        int[] chosen = Choose(losses, clusters.Labels, experts);
        double[][] targets = [.. clusters.Labels.Select(label => Enumerable.Range(0, experts).Select(e => e == chosen[label] ? 1.0 : 0).ToArray())];
        float[] blur = new float[contexts[0].Length];
        double[][] rows = [.. contexts.Select(context =>
        {
            if (noise > 0)
            {
                (random ?? Layers.Initializer.Random).FillNormal(blur);
            }
            IEnumerable<double> row = context.Zip(blur, (value, extra) => value + ((double)noise * extra));
            return (double[])[.. bias ? row.Append(1) : row];
        })];
        return new GateFit(clusters.Labels, clusters.Centres, chosen, LeastSquares.Solve(rows, targets));
    }

    private static int[] Choose(IReadOnlyList<float[]> losses, int[] labels, int experts)
    {
        int[] chosen = new int[experts];
        bool[] used = new bool[experts];
        for (int cluster = 0; cluster < experts; cluster++)
        {
            float[][] own = [.. losses.Where((_, i) => labels[i] == cluster)];
            chosen[cluster] = Enumerable.Range(0, experts).Where(e => !used[e]).MinBy(e => Median([.. own.Select(row => row[e]).Order()]));
            used[chosen[cluster]] = true;
        }
        return chosen;
    }

    private static double Median(float[] sorted) => (sorted[(sorted.Length - 1) / 2] + (double)sorted[sorted.Length / 2]) / 2;
}
