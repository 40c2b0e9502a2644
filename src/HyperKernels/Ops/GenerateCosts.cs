using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>What generating weights and applying them costs, in multiply-adds at 256 bits; constants of <see cref="GeneratePlanner"/>.</summary>
internal sealed record GenerateCosts
{
    // Longer sums of one context are dot products; shorter ones are turned.
    private const int LongSum = 9;

    // Few rows by outputs that are not many are dot products too, instead of rows side by side.
    private const int DotRows = 8;
    private const int DotOutputs = 192;

    /// <summary>What the calls cost whatever the sizes.</summary>
    public required double Call { get; init; }

    /// <summary>A weight of all contexts, whatever their number and the length of its sum.</summary>
    public required double Sum { get; init; }

    /// <summary>The same for one context, whose product reads the generator in place.</summary>
    public required double OneSum { get; init; }

    /// <summary>The same, on top, where its sum is a dot product.</summary>
    public required double OneLongSum { get; init; }

    /// <summary>Writing and reading back a weight of one context.</summary>
    public required double Weight { get; init; }

    /// <summary>The same, on top, where weights and generator do not fit the last cache together.</summary>
    public required double Spill { get; init; }

    /// <summary>Applying: a number of the result.</summary>
    public required double Result { get; init; }

    /// <summary>The same, on top, where it is a dot product.</summary>
    public required double Dot { get; init; }

    /// <param name="sizes">What is to be computed.</param>
    /// <param name="traits">Where.</param>
    /// <param name="term">A term of the pass's products.</param>
    public double Of(in GenerateSizes sizes, BackendTraits traits, double term)
    {
        double weights = (double)sizes.Inputs * sizes.Outputs;
        double results = (double)sizes.Batch * sizes.Rows * sizes.Outputs;
        double sums = sizes.Batch > 1 ? Sum + (term * sizes.Embedding * Lanes(sizes.Batch))
            : sizes.Embedding >= LongSum ? OneSum + OneLongSum
            : OneSum;
        double weight = sizes.WeightBytes + sizes.GeneratorBytes > traits.Level3Bytes ? Weight + Spill : Weight;
        bool dots = sizes.Rows == 1 || (sizes.Rows <= DotRows && sizes.Outputs < DotOutputs);
        return Call + (weights * (sums + (sizes.Batch * (weight + (term * sizes.Rows))))) + (results * (dots ? Result + Dot : Result));
    }

    /// <summary>Rows side by side in the lanes of a product, with those that stay empty.</summary>
    public static double Lanes(double rows) => rows <= 8 ? 8 : rows <= 16 ? 16 : Math.Ceiling(rows / 32) * 32;
}
