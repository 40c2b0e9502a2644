namespace HyperKernels.Layers;

/// <summary>
/// How wide the rows of a hypernetwork's output heads must be drawn so that the weights they generate have the variance that the
/// target network needs. Hidden layers of the hypernetwork take fan-in; head biases start at zero.
/// </summary>
/// <remarks>
/// Let d be the width of the last hidden layer, v the variance of its input (the embedding's) and r 2 for a ReLU target, else 1.
/// A generated value has variance <c>d v var(head)</c>. Source: Chang, Flokas, Lipson, Principled Weight Initialization for
/// Hypernetworks, ICLR 2020; kernel areas and chunks as in hypnettorch's <c>apply_hyperfan_init</c>.
/// </remarks>
public static class Hyperfan
{
    // Chunk embeddings must differ, whatever the formula says.
    private const double SmallestChunkVariance = 1e-5;

    /// <summary>
    /// The variance that a generated weight should have: <c>r / fan in</c>, halved if its bias is generated too (which takes the other
    /// half), or <c>r / fan out</c>.
    /// </summary>
    /// <param name="mode">In keeps the variance of values, Out that of gradients.</param>
    /// <param name="weight">The generated weight, <c>[O, I, kernel...]</c>.</param>
    /// <param name="hasBias">Whether the target layer's bias is generated too.</param>
    /// <param name="relu">Whether ReLUs follow the target's layers.</param>
    /// <exception cref="ArgumentException">The weight has fewer than two axes.</exception>
    public static double WeightVariance(FanMode mode, Shape weight, bool hasBias, bool relu = true)
    {
        Fans fans = Fans.Of(weight);
        return mode == FanMode.In ? Budget(relu) / ((hasBias ? 2.0 : 1.0) * fans.In) : Budget(relu) / fans.Out;
    }

    /// <summary>The variance that a generated bias should have: <c>r / 2</c>, or <c>max(0, r (1 - fan in / O))</c> where O is the bias's length.</summary>
    /// <param name="mode">In keeps the variance of values, Out that of gradients.</param>
    /// <param name="weight">The weight it belongs to, <c>[O, I, kernel...]</c>.</param>
    /// <param name="relu">Whether ReLUs follow the target's layers.</param>
    /// <exception cref="ArgumentException">The weight has fewer than two axes.</exception>
    public static double BiasVariance(FanMode mode, Shape weight, bool relu = true)
    {
        // The kernel's area counts in fan in and not in the bias's length: most convolutions get 0 on the way back.
        Fans fans = Fans.Of(weight);
        return mode == FanMode.In ? Budget(relu) / 2 : Math.Max(0, Budget(relu) * (1 - ((double)fans.In / weight[0])));
    }

    /// <summary>The variance of a head's weights that gives what it generates a wanted variance: <c>variance / (d v)</c>.</summary>
    /// <param name="generatedVariance">What the generated values should have; <see cref="WeightVariance"/>, <see cref="BiasVariance"/>, 0 for gains.</param>
    /// <param name="width">The width d of the last hidden layer.</param>
    /// <param name="inputVariance">The variance v of the embedding.</param>
    public static double HeadVariance(double generatedVariance, int width, double inputVariance) => generatedVariance / (width * inputVariance);

    /// <summary>The variances of the heads of a list of tensors, in which a vector after a weight with as many outputs is that weight's bias.</summary>
    /// <param name="mode">In keeps the variance of values, Out that of gradients.</param>
    /// <param name="targets">The generated tensors in order.</param>
    /// <param name="width">The width d of the last hidden layer.</param>
    /// <param name="inputVariance">The variance v of the embedding.</param>
    /// <param name="relu">Whether ReLUs follow the target's layers.</param>
    /// <exception cref="ArgumentException">A vector stands where no weight of its length comes before it, or chunk is below 1.</exception>
    public static double[] HeadVariances(FanMode mode, IReadOnlyList<Shape> targets, int width, double inputVariance, bool relu = true)
    {
        ArgumentNullException.ThrowIfNull(targets);
        double[] variances = new double[targets.Count];
        for (int i = 0; i < variances.Length; i++)
        {
            double wanted = IsBias(targets, i)
                ? BiasVariance(mode, targets[i - 1], relu)
                : WeightVariance(mode, targets[i], IsBias(targets, i + 1), relu);
            variances[i] = HeadVariance(wanted, width, inputVariance);
        }
        return variances;
    }

    /// <summary>Half the width of the uniform distribution with a variance: <c>sqrt(3 variance)</c>.</summary>
    public static double Bound(double variance) => Math.Sqrt(3 * variance);

    /// <summary>Half the width for the weights of a hidden layer: <c>sqrt(3 r / fan in)</c>.</summary>
    public static double HiddenBound(int inputs, bool relu = true) => Bound(Budget(relu) / inputs);

    /// <summary>The variance of concatenated inputs: the mean of theirs, weighted with their sizes.</summary>
    /// <param name="parts">Size and variance of each input.</param>
    public static double InputVariance(params ReadOnlySpan<(int Size, double Variance)> parts)
    {
        double sum = 0;
        long size = 0;
        foreach ((int partSize, double variance) in parts)
        {
            sum += partSize * variance;
            size += partSize;
        }
        return size == 0 ? 0 : sum / size;
    }

    /// <summary>
    /// The mean variance wanted in each chunk of the flattened targets: weights <c>2 / fan</c>, biases <c>1 / (3 fan in)</c>; what the last
    /// chunk has too many counts as the last tensor.
    /// </summary>
    /// <param name="mode">The fan of the weights.</param>
    /// <param name="targets">The generated tensors in order, biases after their weights.</param>
    /// <param name="chunk">The length of a chunk.</param>
    /// <exception cref="ArgumentException">A vector stands where no weight of its length comes before it, or chunk is below 1.</exception>
    /// <remarks>A heuristic of hypnettorch for hypernetworks that make all chunks by one head.</remarks>
    public static double[] ChunkTargetVariances(FanMode mode, IReadOnlyList<Shape> targets, int chunk)
    {
        ArgumentNullException.ThrowIfNull(targets);
        Checks.Positive("Hyperfan.ChunkTargetVariances", "chunk", chunk);
        long total = targets.Sum(static target => target.Count);
        double[] means = new double[Size.Of((total + chunk - 1) / chunk)];
        long at = 0;
        for (int i = 0; i < targets.Count; i++)
        {
            double wanted = IsBias(targets, i)
                ? 1 / (3.0 * Fans.Of(targets[i - 1]).In)
                : WeightVariance(mode, targets[i], hasBias: false);
            long end = i == targets.Count - 1 ? (long)means.Length * chunk : at + targets[i].Count;
            while (at < end)
            {
                long length = Math.Min(end, ((at / chunk) + 1) * chunk) - at;
                means[at / chunk] += wanted * length / chunk;
                at += length;
            }
        }
        return means;
    }

    /// <summary>The variance of a chunk's embedding: <c>((n_e + n_c) wanted - n_e v_e) / n_c</c>, at least 1e-5.</summary>
    /// <param name="wanted">The chunk's value of <see cref="ChunkTargetVariances"/>.</param>
    /// <param name="embeddingSize">The size n_e of the other inputs.</param>
    /// <param name="embeddingVariance">The variance v_e of the other inputs; must be small, or the result is clipped.</param>
    /// <param name="chunkSize">The size n_c of a chunk's embedding.</param>
    public static double ChunkEmbeddingVariance(double wanted, int embeddingSize, double embeddingVariance, int chunkSize) =>
        Math.Max(SmallestChunkVariance, (((embeddingSize + chunkSize) * wanted) - (embeddingSize * embeddingVariance)) / chunkSize);

    private static double Budget(bool relu) => relu ? 2 : 1;

    private static bool IsBias(IReadOnlyList<Shape> targets, int index) =>
        index > 0 && index < targets.Count && targets[index].Rank == 1 && targets[index - 1].Rank > 1 && targets[index - 1][0] == targets[index][0];
}
