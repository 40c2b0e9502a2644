using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>What multiplying outer products of rows and embeddings with the generator costs, in multiply-adds at 256 bits; constants of <see cref="GeneratePlanner"/>.</summary>
internal sealed record ReassociateCosts
{
    // Rows that share what is read of the generator.
    private const int SharingRows = 128;

    // What a number of the generator's gradient costs that is written and read back, where weights written out would leave it to the optimiser as factors.
    private const double FormedGradient = 38;

    /// <summary>What the calls cost whatever the sizes.</summary>
    public required double Call { get; init; }

    /// <summary>Reading a number of the generator.</summary>
    public required double Reading { get; init; }

    /// <summary>The same, on top, where the generator is larger than the last cache.</summary>
    public required double HugeReading { get; init; }

    /// <summary>Forming a number of the outer product.</summary>
    public required double Outer { get; init; }

    /// <summary>Rows whose outer products are formed together, those behind the last too.</summary>
    public required int OuterRows { get; init; }

    /// <summary>Outputs for which an outer product is formed once.</summary>
    public required int OuterOutputs { get; init; }

    /// <summary>A number of the rows.</summary>
    public required double Input { get; init; }

    /// <summary>A number of the result.</summary>
    public required double Result { get; init; }

    /// <param name="sizes">What is to be computed.</param>
    /// <param name="traits">Where.</param>
    /// <param name="term">A term of the pass's products.</param>
    /// <param name="losesFactors">Whether the optimiser would have formed the generator's gradient itself.</param>
    public double Of(in GenerateSizes sizes, BackendTraits traits, double term, bool losesFactors)
    {
        double rows = (double)sizes.Batch * sizes.Rows;
        double columns = (double)sizes.Inputs * sizes.Embedding;
        double reading = (Reading + (sizes.GeneratorBytes > traits.Level3Bytes ? HugeReading : 0)) * Math.Ceiling(rows / SharingRows);
        double formed = losesFactors ? FormedGradient : 0;
        double outers = Math.Ceiling(rows / OuterRows) * OuterRows * Math.Ceiling((double)sizes.Outputs / OuterOutputs);
        return Call + (columns * ((sizes.Outputs * ((term * GenerateCosts.Lanes(rows)) + reading + formed)) + (Outer * outers)))
            + (rows * ((Input * sizes.Inputs) + (Result * sizes.Outputs)));
    }
}
