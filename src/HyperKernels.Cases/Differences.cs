namespace HyperKernels.Cases;

/// <summary>Derivatives of a weighted sum of an oracle's output, by central differences.</summary>
internal static class Differences
{
    // Of the argument's magnitude: what is cut off is then about 1e-12 of the result, what is rounded 1e-10.
    private const double Step = 1e-6;

    // Second differences divide by its square.
    private const double Along = 1e-4;

    /// <summary>The derivative by one element of one argument.</summary>
    public static double First(FunctionCase row, Plain[] arguments, int argument, int at, double[] weights)
    {
        double value = arguments[argument].Values[at];
        double step = Step * Math.Max(1, Math.Abs(value));
        Plain[] moved = [.. arguments];
        moved[argument] = arguments[argument].Clone();
        moved[argument].Values[at] = value + step;
        double above = WeightedSum(row, moved, weights);
        moved[argument].Values[at] = value - step;
        return (above - WeightedSum(row, moved, weights)) / (2 * step);
    }

    /// <summary>The derivative by one element of the derivative along directions of all arguments that have one.</summary>
    public static double Mixed(FunctionCase row, Plain[] arguments, double[]?[] directions, int argument, int at, double[] weights)
    {
        return (Slope(Along) - Slope(-Along)) / (2 * Along);

        double Slope(double shift) => (At(shift, Along) - At(shift, -Along)) / (2 * Along);

        double At(double shift, double along)
        {
            Plain[] moved = [.. arguments];
            for (int k = 0; k < moved.Length; k++)
            {
                if (directions[k] is not { } direction)
                {
                    continue;
                }
                moved[k] = arguments[k].Clone();
                for (int i = 0; i < direction.Length; i++)
                {
                    moved[k].Values[i] += along * direction[i];
                }
            }
            moved[argument].Values[at] += shift;
            return WeightedSum(row, moved, weights);
        }
    }

    private static double WeightedSum(FunctionCase row, Plain[] arguments, double[] weights)
    {
        double[] values = row.Answer(arguments).Values;
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i] * weights[i];
        }
        return sum;
    }
}
