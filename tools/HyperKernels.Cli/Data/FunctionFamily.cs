namespace HyperKernels.Cli.Data;

/// <summary>
/// A family of functions of the plane, <c>sin(3 (0.5 + u) x) cos(2 v y + 1)</c>: u is made of the first half of some conditions, v of the second (of one
/// condition both are that one).
/// </summary>
internal sealed class FunctionFamily(Device device)
{
    /// <summary>Conditions <c>[C, size]</c>, points <c>[C x P, 2]</c>, P after each other for every condition, and the functions' values <c>[C x P, 1]</c>.</summary>
    internal sealed record Sample(Tensor Conditions, Tensor Points, Tensor Values);

    /// <summary>Draws conditions and points; they depend on seed, step and size alone.</summary>
    public Sample Draw(int seed, long step, int conditions, int points, int size)
    {
        SplitMix random = new(seed, step);
        float[] gammas = new float[conditions * size];
        float[] places = new float[conditions * points * 2];
        float[] values = new float[conditions * points];
        for (int i = 0; i < gammas.Length; i++)
        {
            gammas[i] = random.Unit();
        }
        for (int i = 0; i < values.Length; i++)
        {
            ReadOnlySpan<float> own = gammas.AsSpan(i / points * size, size);
            float u = Spread(own[..((size + 1) / 2)]);
            float v = Spread(own[(size / 2)..]);
            float x = random.Uniform(-1, 1);
            float y = random.Uniform(-1, 1);
            (places[2 * i], places[(2 * i) + 1]) = (x, y);
            values[i] = MathF.Sin(3 * (0.5f + u) * x) * MathF.Cos((2 * v * y) + 1);
        }
        return new Sample(
            Tensor.From(gammas, [conditions, size], device), Tensor.From(places, [values.Length, 2], device), Tensor.From(values, [values.Length, 1], device));
    }

    // The mean, stretched so that it varies as much for many as for one.
    private static float Spread(ReadOnlySpan<float> values)
    {
        float sum = 0;
        foreach (float value in values)
        {
            sum += value;
        }
        return Math.Clamp(0.5f + (((sum / values.Length) - 0.5f) * MathF.Sqrt(values.Length)), 0, 1);
    }
}
