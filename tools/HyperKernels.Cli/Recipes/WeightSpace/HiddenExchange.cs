using HyperKernels.Cli.Data;
using HyperKernels.Layers;

namespace HyperKernels.Cli.Recipes;

/// <summary>Exchanges the hidden units of a chain of linear layers and convolutions at random: another network in numbers, the same function.</summary>
internal static class HiddenExchange
{
    /// <param name="network">The chain, whose weights and biases follow each other.</param>
    /// <param name="values">Its weights by name; replaced.</param>
    /// <param name="random">Draws the new order of every hidden layer.</param>
    public static void Apply(Layer network, Dictionary<string, float[]> values, ref SplitMix random)
    {
        NamedParameter[] weights = [.. network.NamedParameters().Where(static named => named.Role == ParameterRole.Weight)];
        for (int layer = 0; layer < weights.Length - 1; layer++)
        {
            int units = weights[layer].Parameter.Shape[0];
            int[] order = [.. Enumerable.Range(0, units)];
            for (int i = units - 1; i > 0; i--)
            {
                int at = random.Below(i + 1);
                (order[i], order[at]) = (order[at], order[i]);
            }
            Parameter weight = weights[layer].Parameter;
            foreach (NamedParameter own in network.NamedParameters().Where(named => named.Parameter == weight || named.Weight == weight))
            {
                values[own.Name] = Move(values[own.Name], 1, order);
            }
            string next = weights[layer + 1].Name;
            values[next] = Move(values[next], weights[layer + 1].Parameter.Shape[0], order);
        }
    }

    // Blocks along the middle one of three axes, in another order.
    private static float[] Move(float[] values, int rows, int[] order)
    {
        float[] moved = new float[values.Length];
        int size = values.Length / rows / order.Length;
        for (int row = 0; row < rows; row++)
        {
            for (int unit = 0; unit < order.Length; unit++)
            {
                values.AsSpan(((row * order.Length) + order[unit]) * size, size).CopyTo(moved.AsSpan(((row * order.Length) + unit) * size));
            }
        }
        return moved;
    }
}
