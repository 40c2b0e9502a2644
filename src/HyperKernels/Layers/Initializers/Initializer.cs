namespace HyperKernels.Layers;

/// <summary>Draws the first values of a parameter. The usual ones are made by the static members.</summary>
public abstract partial class Initializer
{
    private static RandomStream s_random = new(0);

    /// <summary>All zeros.</summary>
    public static Initializer Zeros { get; } = new ConstantInitializer(0);

    /// <summary>All ones.</summary>
    public static Initializer Ones { get; } = new ConstantInitializer(1);

    /// <summary>Where layers draw from that are given no stream of their own. Begins with seed 0: the same program makes the same model.</summary>
    /// <remarks>Threads that make models at once take turns on it in no fixed order: give each its own stream there.</remarks>
    public static RandomStream Random
    {
        get => Volatile.Read(ref s_random);
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            Volatile.Write(ref s_random, value);
        }
    }

    /// <summary>Begins <see cref="Random"/> anew: what is made after it is fixed by the seed.</summary>
    public static void SetSeed(ulong seed) => Random = new RandomStream(seed);

    /// <summary>One value everywhere.</summary>
    public static Initializer Constant(float value) => new ConstantInitializer(value);

    /// <summary>Evenly spread over <c>[low, high)</c>.</summary>
    public static Initializer Uniform(float low, float high) => new UniformInitializer(_ => (low, high));

    /// <summary>Gaussian.</summary>
    public static Initializer Normal(float mean = 0, float deviation = 1) => new NormalInitializer(_ => (mean, deviation));

    /// <summary>Gaussian, drawn anew where it lies more than two deviations from the mean.</summary>
    /// <param name="mean">Of the Gaussian.</param>
    /// <param name="deviation">Of the Gaussian before its ends are cut; what is left has 0.88 of it.</param>
    /// <remarks>As tf.truncated_normal.</remarks>
    public static Initializer TruncatedNormal(float mean = 0, float deviation = 1) => new TruncatedInitializer(mean, deviation);

    /// <summary>Gaussian with a deviation that follows from the shape.</summary>
    internal static Initializer Normal(Func<Shape, double> deviation) => new NormalInitializer(shape => (0, (float)deviation(shape)));

    /// <summary>Evenly spread over a bound on both sides of zero that follows from the shape.</summary>
    internal static Initializer Uniform(Func<Shape, double> bound) => new UniformInitializer(shape => ((float)-bound(shape), (float)bound(shape)));

    /// <summary>Fills a parameter's values.</summary>
    /// <param name="values">Receives one value per element, row-major.</param>
    /// <param name="shape">The parameter's axes, outputs first.</param>
    /// <param name="random">Where random values come from; its position moves on.</param>
    /// <exception cref="ArgumentException">The initialiser does not suit the shape.</exception>
    public abstract void Fill(Span<float> values, Shape shape, RandomStream random);

    /// <summary>Draws a parameter's own values anew.</summary>
    /// <param name="parameter">Overwritten.</param>
    /// <param name="random">Where random values come from; null means <see cref="Random"/>.</param>
    /// <exception cref="ArgumentException">The initialiser does not suit the shape.</exception>
    public void Apply(Parameter parameter, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(parameter);
        parameter.Load(Draw(parameter.Shape, random));
    }

    internal float[] Draw(Shape shape, RandomStream? random)
    {
        float[] values = Size.Array<float>(shape.Count, "the number of values");
        // What a file holds takes the place of what would be drawn, and reading one must not move the caller's streams.
        if (values.Length > 0 && !LayerAllowance.IsInForce)
        {
            Fill(values, shape, random ?? Random);
        }
        return values;
    }

    private sealed class ConstantInitializer(float value) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random) => values.Fill(value);
    }

    private sealed class UniformInitializer(Func<Shape, (float Low, float High)> range) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            (float low, float high) = range(shape);
            random.FillUniform(values, low, high);
        }
    }

    private sealed class NormalInitializer(Func<Shape, (float Mean, float Deviation)> moments) : Initializer
    {
        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            (float mean, float deviation) = moments(shape);
            random.FillNormal(values, mean, deviation);
        }
    }

    private sealed class TruncatedInitializer(float mean, float deviation) : Initializer
    {
        private const float Bound = 2;

        public override void Fill(Span<float> values, Shape shape, RandomStream random)
        {
            random.FillNormal(values, 0, 1);
            float[] again = new float[1];
            foreach (ref float value in values)
            {
                while (!(Math.Abs(value) <= Bound))
                {
                    random.FillNormal(again, 0, 1);
                    value = again[0];
                }
                value = mean + (deviation * value);
            }
        }
    }
}
