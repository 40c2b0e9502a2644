using HyperKernels.Backends;
using HyperKernels.Backends.Cpu;

namespace HyperKernels;

/// <summary>
/// Chooses a plan of generate-and-apply. The costs are counts (multiply-adds, weights touched) times constants fitted to
/// <c>bench --suite plans</c>; of the machine only the cache size that it reports enters. Nothing is timed while a program runs: the
/// choice decides how sums are ordered, and the same inputs must give the same bits at every run. Forward and backward follow one choice,
/// so that training and inference agree in their bits.
/// </summary>
internal static class GeneratePlanner
{
    // Multiply-adds per cycle of a register tile at 512 bits; at fewer bits all products slow down alike.
    private const double Lanes = 32;

    // The three products of a step, forward and two backward, with what packing and ragged edges add.
    private const double Products = 3.6;

    // Cycles a weight: writing, turning and reading back what the other plans generate, and the small products that use it.
    private const double WeightCycles = 5;

    // Cycles to form one number of the outer product and to contract one of its gradient, spread over the outputs they serve.
    private const double OuterCycles = 0.5;

    // Rows of the outer product that a product needs to be worth its reads of the generator.
    private const double FewRows = 6;

    // One or two weight sets are bound by reading the generator, once for each product; the reassociated plan reads it in wide rows.
    private const int FewContexts = 2;
    private const int SmallEmbedding = 16;

    // On a GPU a weight written and read back costs as much time as so many multiply-adds of a product: 8 bytes at 4.8 TB/s against 20 T/s.
    private const long GpuWeightProducts = 32;

    // Weights that a GPU's memory has room for, and their gradients too.
    private const long GpuWeightBytes = 256L << 20;

    public static GeneratePlan Choose(in GenerateSizes sizes, IBackend backend)
    {
        if (backend is not CpuBackend)
        {
            return ChooseOnGpu(sizes);
        }
        if (sizes.Batch <= FewContexts)
        {
            return sizes.Embedding <= SmallEmbedding ? GeneratePlan.Reassociate : GeneratePlan.Tile;
        }
        // Weights that leave the last cache come back through memory several times; generating them once more is cheaper.
        GeneratePlan other = WeightBytes(sizes) > CacheSizes.Level3 / 2 ? GeneratePlan.Tile : GeneratePlan.Materialise;
        return ReassociateCycles(sizes) < GenerateCycles(sizes) ? GeneratePlan.Reassociate : other;
    }

    // A product there is as fast whatever forms its operands, so that counts decide; generating by tiles saves memory, not time.
    private static GeneratePlan ChooseOnGpu(in GenerateSizes sizes)
    {
        long rows = sizes.Rows;
        return rows * sizes.Embedding <= rows + sizes.Embedding + GpuWeightProducts ? GeneratePlan.Reassociate
            : WeightBytes(sizes) > GpuWeightBytes ? GeneratePlan.Tile
            : GeneratePlan.Materialise;
    }

    private static long WeightBytes(in GenerateSizes sizes) => 4L * sizes.Batch * sizes.Inputs * sizes.Outputs;

    // Per generated weight. The products with p are as large as those that generate, once for every row.
    private static double ReassociateCycles(in GenerateSizes sizes)
    {
        double rows = Math.Max(1, (double)sizes.Batch * sizes.Rows);
        return sizes.Rows * ((Products * sizes.Embedding / Lanes * (1 + (FewRows / rows))) + OuterCycles);
    }

    private static double GenerateCycles(in GenerateSizes sizes) =>
        (Products * (sizes.Embedding + (double)sizes.Rows) / Lanes) + WeightCycles;
}
