namespace HyperKernels.Models;

/// <summary>
/// Draws a condition towards the nearest of many known ones, without training: the k rows of a store with the largest inner products are mixed by
/// <c>softmax(t s_k)</c>, and the answer is <c>norm((1 - a) x + a norm(sum))</c>.
/// </summary>
/// <remarks>
/// Gradients flow through the similarities and the condition, not through the choice. Source: Han and others, ImageBind-LLM (arXiv 2309.03905), section 3.4, and the
/// authors' code, OpenGVLab/LLaMA-Adapter.
/// </remarks>
public sealed class RetrievalCache
{
    /// <summary>Keeps a store of conditions.</summary>
    /// <param name="store"><c>[S, D]</c>, rows of unit length; it has to live as long as the cache.</param>
    /// <param name="neighbours">k, of at most S.</param>
    /// <param name="temperature">t, by which similarities are multiplied.</param>
    /// <param name="blend">a, the share of what is retrieved.</param>
    /// <exception cref="ArgumentException">The store is no matrix, k is not from 1 to S, or a is not from 0 to 1.</exception>
    public RetrievalCache(Tensor store, int neighbours = 10, float temperature = 20, float blend = 0.5f)
    {
        if (store.Rank != 2 || neighbours < 1 || neighbours > store.Shape[0] || !(blend >= 0 && blend <= 1))
        {
            throw new ArgumentException(
                $"RetrievalCache: the store must be [S, D], neighbours from 1 to S and the blend from 0 to 1; got {store.Shape}, {neighbours} and {blend}.");
        }
        (Store, Neighbours, Temperature, Blend) = (store, neighbours, temperature, blend);
    }

    /// <summary>The known conditions, <c>[S, D]</c>.</summary>
    public Tensor Store { get; }

    /// <summary>k.</summary>
    public int Neighbours { get; }

    /// <summary>t.</summary>
    public float Temperature { get; }

    /// <summary>a.</summary>
    public float Blend { get; }

    /// <summary>Joins several features of one thing (an image, a sound, a text) to one condition: <c>sum_i w_i f_i / |f_i| / (sum w + 1e-6)</c>.</summary>
    /// <param name="features">Each <c>[B, D]</c>.</param>
    /// <param name="weights">As many numbers.</param>
    /// <returns><c>[B, D]</c></returns>
    /// <exception cref="ArgumentException">There are no features, or another number of weights.</exception>
    public static Tensor Combine(IReadOnlyList<Tensor> features, IReadOnlyList<float> weights)
    {
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(weights);
        if (features.Count == 0 || features.Count != weights.Count)
        {
            throw new ArgumentException($"RetrievalCache: every feature needs a weight; got {features.Count} features and {weights.Count} weights.", nameof(weights));
        }
        const float Smallest = 1e-6f;
        float sum = weights.Sum() + Smallest;
        Tensor combined = Ops.MultiplyScalar(Ops.L2Normalize(features[0]), weights[0] / sum);
        for (int i = 1; i < features.Count; i++)
        {
            combined = Ops.Add(combined, Ops.MultiplyScalar(Ops.L2Normalize(features[i]), weights[i] / sum));
        }
        return combined;
    }

    /// <summary>Draws conditions towards their neighbours.</summary>
    /// <param name="condition"><c>[B, D]</c></param>
    /// <returns>The conditions <c>[B, D]</c>, of unit length, and the rows of the store that were retrieved, <c>[B, k]</c>, the nearest first.</returns>
    /// <exception cref="ArgumentException">The conditions have another size than the store's rows.</exception>
    public (Tensor Condition, Tensor Retrieved) Forward(Tensor condition)
    {
        if (condition.Rank != 2 || condition.Shape[1] != Store.Shape[1])
        {
            throw new ArgumentException($"RetrievalCache: conditions must be [B, {Store.Shape[1]}]; got {condition.Shape}.", nameof(condition));
        }
        (Tensor scores, Tensor rows) = Ops.TopK(Ops.Matmul(condition, Store, transposeB: true), Neighbours);
        Tensor shares = Ops.Reshape(Ops.Softmax(Ops.MultiplyScalar(scores, Temperature)), [condition.Shape[0], 1, Neighbours]);
        Tensor mean = Ops.Reshape(Ops.Matmul(shares, Ops.GatherRows(Store, rows)), condition.Shape);
        Tensor blended = Ops.Add(Ops.MultiplyScalar(condition, 1 - Blend), Ops.MultiplyScalar(Ops.L2Normalize(mean), Blend));
        return (Ops.L2Normalize(blended), rows);
    }
}
