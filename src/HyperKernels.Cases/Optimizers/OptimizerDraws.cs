namespace HyperKernels.Cases;

/// <summary>The random numbers of an <see cref="OptimizerCase"/>: the same for the optimiser and its oracle.</summary>
internal static class OptimizerDraws
{
    /// <summary>The values that a parameter starts from: away from zero, of either sign.</summary>
    public static float[] Start(OptimizerCase row, int parameter) => Away(new Random(Mix(row.Seed, parameter, 0)), Count(row, parameter));

    /// <summary>The factors c of a vector's loss <c>sum c p^2</c>.</summary>
    public static float[] Factors(OptimizerCase row, int parameter) => Away(new Random(Mix(row.Seed, parameter, 1)), Count(row, parameter));

    /// <summary>A linear layer's input <c>[rows, I]</c> in a step and a use, and the weights <c>[rows, O]</c> of its output in the loss.</summary>
    public static (float[] Input, float[] Weights) Layer(OptimizerCase row, int parameter, int step, int use)
    {
        OptimizerParameter matrix = row.Parameters[parameter].Parameter;
        Random random = new(Mix(row.Seed, parameter, 2 + (step * matrix.Uses) + use));
        return (Away(random, matrix.Rows * matrix.Shape[1]), Away(random, matrix.Rows * matrix.Shape[0]));
    }

    private static int Count(OptimizerCase row, int parameter) => (int)row.Parameters[parameter].Parameter.Shape.Count;

    private static int Mix(int seed, int parameter, int what) => (((seed * 1009) + parameter) * 10007) + what;

    private static float[] Away(Random random, int count)
    {
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)(0.2 + random.NextDouble()) * (random.Next(2) == 0 ? 1 : -1);
        }
        return values;
    }
}
