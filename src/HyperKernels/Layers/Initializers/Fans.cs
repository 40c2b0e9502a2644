namespace HyperKernels.Layers;

/// <summary>How many inputs feed one output of a weight, and how many outputs one input feeds; a kernel's area counts in both.</summary>
/// <param name="In">Inputs per output.</param>
/// <param name="Out">Outputs per input.</param>
public readonly record struct Fans(long In, long Out)
{
    /// <summary>The fans of a weight <c>[O, I, kernel...]</c>; of a grouped convolution's too, where I is that of one group.</summary>
    /// <exception cref="ArgumentException">The shape has fewer than two axes.</exception>
    public static Fans Of(Shape weight)
    {
        if (weight.Rank < 2)
        {
            Throw.Argument($"Fans: a weight must be [outputs, inputs, ...]; got {weight}. A bias or gain has no fans: take a constant or a given range.");
        }
        long area = 1;
        for (int axis = 2; axis < weight.Rank; axis++)
        {
            area *= weight[axis];
        }
        return new Fans(weight[1] * area, weight[0] * area);
    }
}
