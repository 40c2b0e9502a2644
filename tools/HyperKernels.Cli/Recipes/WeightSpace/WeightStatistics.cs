namespace HyperKernels.Cli.Recipes;

/// <summary>What is known of a network without knowing what its weights are connected to: mean, variance and quartiles of every weight and bias.</summary>
/// <remarks>Source: Unterthiner, Keysers, Gelly, Bousquet, Tolstikhin, Predicting Neural Network Accuracy from Weights, arXiv 2002.11448.</remarks>
internal static class WeightStatistics
{
    private static readonly double[] s_quantiles = [0, 0.25, 0.5, 0.75, 1];

    /// <param name="tensors">The network's weights and biases.</param>
    public static float[] Of(IEnumerable<float[]> tensors) => [.. tensors.SelectMany(Of)];

    private static float[] Of(float[] values)
    {
        float[] sorted = [.. values.Order()];
        float mean = values.Average();
        float variance = values.Select(value => (value - mean) * (value - mean)).Average();
        return [mean, variance, .. s_quantiles.Select(share => sorted[(int)Math.Round(share * (sorted.Length - 1))])];
    }
}
