namespace HyperKernels.Cases;

/// <summary>How an input of a case is drawn: name, shape, distribution. The seed is the case's.</summary>
/// <param name="Name">As in the op's signature.</param>
/// <param name="Shape">Its axes.</param>
/// <param name="ElementType">Floats or integers.</param>
/// <param name="Draw">Gives one value after the other.</param>
/// <param name="Differentiable">Whether the op has a gradient with respect to it.</param>
public sealed record CaseInput(string Name, Shape Shape, ElementType ElementType, Func<Random, int, double> Draw, bool Differentiable)
{
    /// <summary>Standard normal values times a scale.</summary>
    public static CaseInput Normal(string name, Shape shape, double scale = 1, bool differentiable = true) =>
        new(name, shape, ElementType.Float32, (random, _) => scale * NextNormal(random), differentiable);

    /// <summary>Uniform values.</summary>
    public static CaseInput Uniform(string name, Shape shape, double low, double high, bool differentiable = true) =>
        new(name, shape, ElementType.Float32, (random, _) => low + ((high - low) * random.NextDouble()), differentiable);

    /// <summary>Standard normal values moved away from zero by a gap on either side, for functions with a kink or a pole there.</summary>
    public static CaseInput Apart(string name, Shape shape, double gap, bool differentiable = true) =>
        new(name, shape, ElementType.Float32, (random, _) =>
        {
            double value = NextNormal(random);
            return value < 0 ? value - gap : value + gap;
        }, differentiable);

    /// <summary>Fixed values, for structure that is part of the case.</summary>
    public static CaseInput Fixed(string name, Shape shape, IReadOnlyList<double> values, bool differentiable = false) =>
        new(name, shape, ElementType.Float32, (_, i) => values[i], differentiable);

    /// <summary>Integers from 0 to below a bound.</summary>
    public static CaseInput Ints(string name, Shape shape, int bound) =>
        new(name, shape, ElementType.Int32, (random, _) => random.Next(bound), false);

    /// <summary>Given integers.</summary>
    public static CaseInput FixedInts(string name, Shape shape, IReadOnlyList<int> values) =>
        new(name, shape, ElementType.Int32, (_, i) => values[i], false);

    /// <summary>Draws the values, rounded to what a float holds, so that the op and the oracle start from the same numbers.</summary>
    public Plain Make(Random random)
    {
        Plain result = new(Shape);
        for (int i = 0; i < result.Values.Length; i++)
        {
            result.Values[i] = (float)Draw(random, i);
        }
        return result;
    }

    /// <summary>Copies drawn values to a device, in the current scope.</summary>
    public Tensor Upload(Plain values, Device device) => ElementType == ElementType.Float32
        ? Tensor.From(values.ToFloats(), values.Shape, device)
        : Tensor.From(Array.ConvertAll(values.Values, v => (int)v), values.Shape, device);

    private static double NextNormal(Random random) =>
        Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
