using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// Chooses a plan of generate-and-apply. The costs are counts (multiply-adds, weights touched, results) times constants fitted to
/// <c>bench --suite plans</c> and some 500 sizes beside its grid, at 512 and at 256 bits; of the machine only the vector width and the cache sizes that it
/// reports enter. Nothing is timed while a program runs, and threads do not count: the choice decides how sums are ordered, and the same inputs must
/// give the same bits at every run. A pass that a tape records is weighed with its gradients, one that it does not record alone.
/// </summary>
internal static class GeneratePlanner
{
    // Rows of one context up to which a product reads its weights hardly more than once, so that two tiles are as good as one.
    private const int FewRows = 4;

    // On a GPU a weight written and read back costs as much time as so many multiply-adds of a product: 8 bytes at 4.8 TB/s against 20 T/s.
    private const long GpuWeightProducts = 32;

    // Weights that stay in the second cache: writing them out costs nothing, and bias and activation are applied in the same pass.
    private const long SmallWeightBytes = 1 << 20;

    // What a number of the generator's gradient costs that is written and read back, where weights written out would leave it to the optimiser as factors.
    private const double FormedGradient = 38;

    // Weights that memory has room for, and for their gradients too.
    private const long MostWeightBytes = 256L << 20;

    // Weighed without gradients: generating takes one product, and so does the reassociated form.
    private static readonly Costs s_forward = new()
    {
        Products = 1,
        Generate = new() { Call = 26_000, Sum = 34, OneSum = 60, OneLongSum = 90, Weight = 17, Spill = 0, Result = 11, Dot = 43 },
        Reassociate = new() { Call = 27_000, Reading = 0.75, HugeReading = 20, Outer = 8.8, OuterRows = 32, OuterOutputs = 128, Input = 2.6, Result = 19 },
    };

    // With them: three products each, and what is generated is written, turned and read back several times.
    private static readonly Costs s_training = new()
    {
        Products = 3,
        Generate = new() { Call = 160_000, Sum = 550, OneSum = 280, OneLongSum = 490, Weight = 55, Spill = 95, Result = 30, Dot = 200 },
        Reassociate = new() { Call = 48_000, Reading = 16, HugeReading = 12, Outer = 29, OuterRows = 1, OuterOutputs = int.MaxValue, Input = 178, Result = 115 },
    };

    /// <param name="sizes">What is to be computed.</param>
    /// <param name="backend">Where.</param>
    /// <param name="training">Whether gradients are recorded.</param>
    /// <param name="leavesFactors">
    /// Whether the generator is a layer's, whose optimiser forms its gradient itself from factors: where weights are written out, it need not be written and read back.
    /// </param>
    public static GeneratePlan Choose(in GenerateSizes sizes, IBackend backend, bool training, bool leavesFactors = false)
    {
        BackendTraits traits = backend.Traits;
        if (traits.LaunchesKernels)
        {
            return ChooseForKernels(sizes);
        }
        if ((training ? s_training : s_forward).PreferReassociation(sizes, traits, training && leavesFactors && LosesFactors(sizes, backend)))
        {
            return GeneratePlan.Reassociate;
        }
        long tile = (long)sizeof(float) * traits.GeneratedTile;
        bool tiles = sizes.Batch == 1 || (training
            ? WeightBytes(sizes) > traits.Level3Bytes
            : WeightBytes(sizes) > traits.Level3Bytes / 8 || WeightBytes(sizes) <= (sizes.Rows <= FewRows ? 2 * tile : tile));
        return tiles || WeightBytes(sizes) > MostWeightBytes ? GeneratePlan.Tile : GeneratePlan.Materialise;
    }

    // A product there is as fast whatever forms its operands, so that counts decide; generating by tiles saves memory, not time.
    private static GeneratePlan ChooseForKernels(in GenerateSizes sizes)
    {
        long rows = sizes.Rows;
        return rows * sizes.Embedding <= rows + sizes.Embedding + GpuWeightProducts ? GeneratePlan.Reassociate
            : WeightBytes(sizes) > MostWeightBytes ? GeneratePlan.Tile
            : GeneratePlan.Materialise;
    }

    /// <summary>Whether a layer does as well with the weights written out, whatever plan is best for the product alone.</summary>
    public static bool IsSmall(in GenerateSizes sizes) => WeightBytes(sizes) <= SmallWeightBytes;

    // Whether the optimiser would take the generator's gradient as factors if weights were written out.
    private static bool LosesFactors(in GenerateSizes sizes, IBackend backend)
    {
        long weights = (long)sizes.Outputs * sizes.Inputs;
        return weights <= int.MaxValue && backend.UsesUpProduct((int)weights, sizes.Embedding, sizes.Batch);
    }

    private static long GeneratorBytes(in GenerateSizes sizes) => (long)sizeof(float) * sizes.Inputs * sizes.Outputs * sizes.Embedding;

    private static long WeightBytes(in GenerateSizes sizes) => (long)sizeof(float) * sizes.Batch * sizes.Inputs * sizes.Outputs;

    // Rows side by side in the lanes of a product, with those that stay empty.
    private static double Lanes(double rows) => Whole(rows, rows <= 8 ? 8 : rows <= 16 ? 16 : 32);

    private static double Whole(double count, int step) => Math.Ceiling(count / step) * step;

    /// <summary>
    /// Costs of a pass in multiply-adds at 256 bits. At 512 they count alike: half of the processors make such vectors in two halves, and on the others the
    /// rest is faster too.
    /// </summary>
    private sealed record Costs
    {
        /// <summary>Products of the pass, each of one multiply-add per term.</summary>
        public required double Products { get; init; }

        public required GenerateCosts Generate { get; init; }

        public required ReassociateCosts Reassociate { get; init; }

        public bool PreferReassociation(in GenerateSizes sizes, BackendTraits traits, bool losesFactors)
        {
            double term = Products * Math.Max(1, 256.0 / traits.VectorWidth);
            return Reassociate.Of(sizes, traits, term, losesFactors) < Generate.Of(sizes, traits, term);
        }
    }

    private sealed record GenerateCosts
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

        public double Of(in GenerateSizes sizes, BackendTraits traits, double term)
        {
            double weights = (double)sizes.Inputs * sizes.Outputs;
            double results = (double)sizes.Batch * sizes.Rows * sizes.Outputs;
            double sums = sizes.Batch > 1 ? Sum + (term * sizes.Embedding * Lanes(sizes.Batch))
                : sizes.Embedding >= LongSum ? OneSum + OneLongSum
                : OneSum;
            double weight = WeightBytes(sizes) + GeneratorBytes(sizes) > traits.Level3Bytes ? Weight + Spill : Weight;
            bool dots = sizes.Rows == 1 || (sizes.Rows <= DotRows && sizes.Outputs < DotOutputs);
            return Call + (weights * (sums + (sizes.Batch * (weight + (term * sizes.Rows))))) + (results * (dots ? Result + Dot : Result));
        }
    }

    private sealed record ReassociateCosts
    {
        // Rows that share what is read of the generator.
        private const int SharingRows = 128;

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

        public double Of(in GenerateSizes sizes, BackendTraits traits, double term, bool losesFactors)
        {
            double rows = (double)sizes.Batch * sizes.Rows;
            double columns = (double)sizes.Inputs * sizes.Embedding;
            double reading = (Reading + (GeneratorBytes(sizes) > traits.Level3Bytes ? HugeReading : 0)) * Math.Ceiling(rows / SharingRows);
            double formed = losesFactors ? FormedGradient : 0;
            double outers = Whole(rows, OuterRows) * Math.Ceiling((double)sizes.Outputs / OuterOutputs);
            return Call + (columns * ((sizes.Outputs * ((term * Lanes(rows)) + reading + formed)) + (Outer * outers)))
                + (rows * ((Input * sizes.Inputs) + (Result * sizes.Outputs)));
        }
    }
}
