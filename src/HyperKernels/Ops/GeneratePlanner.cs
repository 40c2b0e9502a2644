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
    // Rows of one context up to which a product reads its weights hardly more than once.
    private const int FewRows = 4;

    // Weights of no longer sums than this are generated again sooner than they are read back from beyond the caches of a core.
    private const int ShortEmbedding = 16;

    // Contexts' weights a multiple of this apart, 4 KiB, share a few sets of the first cache where they are written out; tiles keep them apart.
    private const int CrowdedWeights = 1024;

    // On a GPU a weight written and read back costs as much time as so many multiply-adds of a product: 8 bytes at 4.8 TB/s against 20 T/s.
    private const long GpuWeightProducts = 32;

    // Weights that stay in the second cache: writing them out costs nothing, and bias and activation are applied in the same pass.
    private const long SmallWeightBytes = 1 << 20;

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
        if ((training ? s_training : s_forward).PrefersReassociation(sizes, traits, training && leavesFactors && LosesFactors(sizes, backend)))
        {
            return GeneratePlan.Reassociate;
        }
        bool crowds = sizes.Rows <= FewRows && (long)sizes.Inputs * sizes.Outputs % CrowdedWeights == 0;
        bool leaves = sizes.WeightBytes > Math.Max(SmallWeightBytes, traits.Level3Bytes / 8);
        bool tiles = sizes.Batch == 1 || (training
            ? sizes.WeightBytes > traits.Level3Bytes || (leaves && crowds && sizes.Embedding <= ShortEmbedding)
            : leaves || crowds || sizes.WeightBytes <= (long)sizeof(float) * traits.GeneratedTile);
        return tiles || sizes.WeightBytes > MostWeightBytes ? GeneratePlan.Tile : GeneratePlan.Materialise;
    }

    // A product there is as fast whatever forms its operands, so that counts decide; generating by tiles saves memory, not time.
    private static GeneratePlan ChooseForKernels(in GenerateSizes sizes)
    {
        long rows = sizes.Rows;
        return rows * sizes.Embedding <= rows + sizes.Embedding + GpuWeightProducts ? GeneratePlan.Reassociate
            : sizes.WeightBytes > MostWeightBytes ? GeneratePlan.Tile
            : GeneratePlan.Materialise;
    }

    /// <summary>Whether a layer does as well with the weights written out, whatever plan is best for the product alone.</summary>
    public static bool IsSmall(in GenerateSizes sizes) => sizes.WeightBytes <= SmallWeightBytes;

    // Whether the optimiser would take the generator's gradient as factors if weights were written out.
    private static bool LosesFactors(in GenerateSizes sizes, IBackend backend)
    {
        long weights = (long)sizes.Outputs * sizes.Inputs;
        return weights <= int.MaxValue && backend.UsesUpProduct((int)weights, sizes.Embedding, sizes.Batch);
    }

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

        public bool PrefersReassociation(in GenerateSizes sizes, BackendTraits traits, bool losesFactors)
        {
            double term = Products * Math.Max(1, 256.0 / traits.VectorWidth);
            return Reassociate.Of(sizes, traits, term, losesFactors) < Generate.Of(sizes, traits, term);
        }
    }
}
