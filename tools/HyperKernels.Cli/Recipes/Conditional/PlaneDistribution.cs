using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Recipes;

/// <summary>A distribution of points in the plane: of a kind, with a number from 0 to 1 that changes it.</summary>
/// <param name="Kind">0: a ring, which grows; 1: two moons, which turn; 2: four spots, which turn.</param>
/// <param name="Number">From 0 to 1.</param>
internal readonly record struct PlaneDistribution(int Kind, float Number)
{
    public const int Kinds = 3;
    private const float Blur = 0.1f;

    public static IReadOnlyList<string> Names { get; } = ["ring", "moons", "spots"];

    /// <summary>Normal points around 0, where every map begins.</summary>
    public static float[] Normal(ref SplitMix random, int count)
    {
        float[] points = new float[2 * count];
        for (int i = 0; i < count; i++)
        {
            (points[2 * i], points[(2 * i) + 1]) = NormalPoint(ref random);
        }
        return points;
    }

    /// <summary>Points of this distribution, x and y after each other.</summary>
    public float[] Draw(ref SplitMix random, int count)
    {
        float[] points = new float[2 * count];
        for (int i = 0; i < count; i++)
        {
            (float x, float y) = Point(ref random);
            (float dx, float dy) = NormalPoint(ref random);
            (points[2 * i], points[(2 * i) + 1]) = (x + (Blur * dx), y + (Blur * dy));
        }
        return points;
    }

    /// <summary>
    /// How far two samples are from being of one distribution: <c>2 E|x - y| - E|x - x'| - E|y - y'|</c>, without bias; about 0 for one distribution. Source: Székely, Rizzo,
    /// Energy statistics, J. Statistical Planning and Inference 143, 2013.
    /// </summary>
    public static double EnergyDistance(float[] one, float[] other) => (2 * MeanDistance(one, other)) - MeanDistance(one, one) - MeanDistance(other, other);

    /// <summary>
    /// Points moved as from a normal distribution of mean 0 and covariance 1 to one with mean and covariance S of a sample, as little as possible: by the root of S.
    /// </summary>
    public static float[] Affine(float[] start, float[] sample)
    {
        double[] mean = new double[2];
        (double xx, double xy, double yy) = (0, 0, 0);
        for (int i = 0; i < sample.Length; i++)
        {
            mean[i % 2] += 2.0 * sample[i] / sample.Length;
        }
        for (int i = 0; i < sample.Length; i += 2)
        {
            (double x, double y) = (sample[i] - mean[0], sample[i + 1] - mean[1]);
            (xx, xy, yy) = (xx + (2 * x * x / sample.Length), xy + (2 * x * y / sample.Length), yy + (2 * y * y / sample.Length));
        }
        // The root of a matrix of two rows: (S + sqrt(det S) I) / sqrt(trace S + 2 sqrt(det S)).
        double root = Math.Sqrt(Math.Max((xx * yy) - (xy * xy), 0));
        double scale = 1 / Math.Sqrt(xx + yy + (2 * root));
        float[] points = [.. start];
        for (int i = 0; i < points.Length; i += 2)
        {
            (float x, float y) = (points[i], points[i + 1]);
            points[i] = (float)(mean[0] + (scale * (((xx + root) * x) + (xy * y))));
            points[i + 1] = (float)(mean[1] + (scale * ((xy * x) + ((yy + root) * y))));
        }
        return points;
    }

    private (float X, float Y) Point(ref SplitMix random)
    {
        float turn = random.Unit();
        int part = random.Below(Kind == 2 ? 4 : 2);
        switch (Kind)
        {
            case 0:
                (float s, float c) = MathF.SinCos(MathF.Tau * turn);
                float radius = 1 + (1.5f * Number);
                return (radius * c, radius * s);
            case 1:
                (s, c) = MathF.SinCos(MathF.PI * turn);
                // Upper and lower half of two circles that reach into each other.
                return Turned(1.5f * (part == 0 ? c - 0.5f : 0.5f - c), 1.5f * (part == 0 ? s - 0.25f : 0.25f - s), MathF.PI * Number);
            default:
                (s, c) = MathF.SinCos(MathF.PI / 2 * part);
                return Turned(2 * c, 2 * s, MathF.PI / 2 * Number);
        }
    }

    private static (float X, float Y) Turned(float x, float y, float angle)
    {
        (float s, float c) = MathF.SinCos(angle);
        return ((c * x) - (s * y), (s * x) + (c * y));
    }

    // Two normal numbers from two uniform ones (Box, Muller, 1958).
    private static (float X, float Y) NormalPoint(ref SplitMix random)
    {
        float radius = MathF.Sqrt(-2 * MathF.Log(1 - random.Unit()));
        (float s, float c) = MathF.SinCos(MathF.Tau * random.Unit());
        return (radius * c, radius * s);
    }

    // Between different points: a sample's own pairs of a point with itself do not count.
    private static double MeanDistance(float[] one, float[] other)
    {
        double sum = 0;
        for (int i = 0; i < one.Length; i += 2)
        {
            for (int j = 0; j < other.Length; j += 2)
            {
                (float x, float y) = (one[i] - other[j], one[i + 1] - other[j + 1]);
                sum += MathF.Sqrt((x * x) + (y * y));
            }
        }
        (double n, double m) = (one.Length / 2, other.Length / 2);
        return sum / (ReferenceEquals(one, other) ? n * (n - 1) : n * m);
    }
}
