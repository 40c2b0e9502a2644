using HyperKernels.Backends;

namespace HyperKernels;

/// <summary>
/// Chooses a plan of generate-and-apply. The costs are counts (multiply-adds, numbers packed, weights touched) times constants fitted to
/// <c>bench --suite plans</c> and some 300 sizes beside its grid; of the machine only the vector width and the cache sizes that it reports
/// enter. Nothing is timed while a program runs, and threads do not count: the choice decides how sums are ordered, and the same inputs must
/// give the same bits at every run. A pass that a tape records is weighed with its gradients, one that it does not record alone.
/// </summary>
internal static class GeneratePlanner
{
    // Rows of one context up to which a product reads its weights hardly more than once: those of a tile are still in the second cache then.
    private const int FewRows = 4;

    // Weights of no longer sums than this are generated again sooner than they are read back from memory.
    private const int ShortEmbedding = 16;

    // Numbers' worth of work that each of the generator's rows adds to packing it.
    private const int RowPacking = 5;

    // On a GPU a weight written and read back costs as much time as so many multiply-adds of a product: 8 bytes at 4.8 TB/s against 20 T/s.
    private const long GpuWeightProducts = 32;

    // Weights that stay in the second cache: writing them out costs nothing, and bias and activation are applied in the same pass.
    private const long SmallWeightBytes = 1 << 20;

    // What a number of the generator's gradient costs that is written and read back, where weights written out would leave it to the optimiser as factors.
    private const double FormedGradient = 75;

    // Weights that memory has room for, and for their gradients too.
    private const long MostWeightBytes = 256L << 20;

    // Weighed without gradients: generating takes one product, and so does the reassociated form.
    private static readonly Costs s_forward =
        new(Products: 1, Output: 330, OneOutput: 30, Packing: 13, Weight: 37, Spill: 0, Reading: 23, LargeReading: 0, HugeReading: 12, Outer: 8, Row: 1.5);

    // With them: three products each, and what is generated is written, turned and read back several times.
    private static readonly Costs s_training =
        new(Products: 3, Output: 1200, OneOutput: 240, Packing: 6, Weight: 112, Spill: 100, Reading: 30, LargeReading: 12, HugeReading: 0, Outer: 54, Row: 6);

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
        bool tile = training
            ? sizes.Batch == 1 || (WeightBytes(sizes) > traits.Level3Bytes / 2 && IsCheap(sizes))
            : sizes.Rows <= FewRows || WeightBytes(sizes) <= (long)sizeof(float) * traits.GeneratedTile;
        return tile || WeightBytes(sizes) > MostWeightBytes ? GeneratePlan.Tile : GeneratePlan.Materialise;
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

    private static bool IsCheap(in GenerateSizes sizes) => sizes.Rows <= FewRows && sizes.Embedding <= ShortEmbedding;

    private static long GeneratorBytes(in GenerateSizes sizes) => (long)sizeof(float) * sizes.Inputs * sizes.Outputs * sizes.Embedding;

    private static long WeightBytes(in GenerateSizes sizes) => (long)sizeof(float) * sizes.Batch * sizes.Inputs * sizes.Outputs;

    /// <summary>Costs in multiply-adds of a product at 512 bits, for each of the I O elements of a weight matrix.</summary>
    /// <param name="Products">Products of the pass, each of one multiply-add per term.</param>
    /// <param name="Output">Generating: what an element takes whatever its sum's length, so that short sums are dear.</param>
    /// <param name="OneOutput">The same for one context, whose product reads the generator in place.</param>
    /// <param name="Packing">Generating: bringing a number of the generator into panels.</param>
    /// <param name="Weight">Generating: writing and reading back one context's weight, and the small product that uses it.</param>
    /// <param name="Spill">The same, on top, where weights and generator do not fit the last cache together and are not generated again.</param>
    /// <param name="Reading">Reassociating: bringing a number of the generator into panels.</param>
    /// <param name="LargeReading">The same, on top, where the generator is larger than the second cache.</param>
    /// <param name="HugeReading">The same again, where it is larger than the last cache.</param>
    /// <param name="Outer">Reassociating: forming a number of the outer product, spread over the outputs that it serves.</param>
    /// <param name="Row">Reassociating: adding to one row's result.</param>
    private sealed record Costs(
        double Products,
        double Output,
        double OneOutput,
        double Packing,
        double Weight,
        double Spill,
        double Reading,
        double LargeReading,
        double HugeReading,
        double Outer,
        double Row)
    {
        public bool PrefersReassociation(in GenerateSizes sizes, BackendTraits traits, bool losesFactors)
        {
            double batch = sizes.Batch;
            double rows = batch * sizes.Rows;
            double product = Products * 512 / traits.VectorWidth;
            bool spills = WeightBytes(sizes) + GeneratorBytes(sizes) > traits.Level3Bytes && !IsCheap(sizes);
            double generate = (batch > 1 ? Output + (Packing * (sizes.Embedding + RowPacking)) : OneOutput)
                + (product * sizes.Embedding * batch) + (product * rows) + (batch * (spills ? Weight + Spill : Weight));
            double reading = Reading + (GeneratorBytes(sizes) > traits.Level2Bytes ? LargeReading : 0) + (GeneratorBytes(sizes) > traits.Level3Bytes ? HugeReading : 0);
            double forming = losesFactors ? FormedGradient : 0;
            double reassociate = (rows * Row) + (sizes.Embedding * (reading + forming + (product * rows) + (Outer * rows / Math.Max(1, sizes.Outputs))));
            return reassociate < generate;
        }
    }
}
