using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Makes a mixture of fine experts of a trained feed-forward block so that tuning begins at the block: its neurons are cut into n slices, each slice is copied m times, and n
/// experts serve a row. The router's rows are equal within a set of slices and differ between sets: at first one whole set serves each row, with equal shares that sum to
/// n, and the mixture is the block.
/// </summary>
/// <remarks>
/// Source: Lu and others, Dynamic-DINO: Fine-Grained Mixture of Experts Tuning for Real-time Open-Vocabulary Object Detection, ICCV 2025 (arXiv 2507.17436); the recipe is a
/// reading of its description, not verified against the authors' code.
/// </remarks>
public static class Upcycling
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "dynamic-dino",
        Title = "Fine experts from a dense block (Dynamic-DINO)",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Lu and others", "Dynamic-DINO: Fine-Grained Mixture of Experts Tuning for Real-time Open-Vocabulary Object Detection", "ICCV", 2025)
        {
            Arxiv = "2507.17436",
        },
        Equation = "y = n sum_e softmax_e(r) E_e(x) over the n largest; E_e a slice of the dense block, r equal within a set of slices at first",
        Source = "the paper's description; not verified against the authors' code",
        Layers = [typeof(SparseMixture), typeof(LinearGate), typeof(ExpertMlp)],
    };

    /// <summary>Makes the mixture.</summary>
    /// <param name="block">Two layers with an activation between them; stays as it is.</param>
    /// <param name="slices">n, which divides the block's neurons: how many experts make up the block, and how many serve a row.</param>
    /// <param name="copies">m, how many experts there are of each slice.</param>
    /// <param name="random">Where the router's rows come from; null means <see cref="Initializer.Random"/>.</param>
    /// <returns>A mixture of n m experts that gives what the block gives.</returns>
    /// <exception cref="ArgumentException">The block has another number of layers, slices do not divide its neurons, or a number is less than 1.</exception>
    public static SparseMixture Of(Mlp block, int slices, int copies = 2, RandomStream? random = null)
    {
        ArgumentNullException.ThrowIfNull(block);
        if (block.Layers is not [Linear first, Linear second] || slices < 1 || copies < 1 || first.OutFeatures % slices != 0)
        {
            throw new ArgumentException(
                "Upcycling: the block must have two layers, and slices and copies be at least 1 and slices divide its neurons; "
                + $"got {block.Layers.Count} layers, {slices} slices of {block.Layers[0].OutFeatures} neurons and {copies} copies.");
        }
        (int inputs, int width) = (first.InFeatures, first.OutFeatures / slices);
        LinearGate gate = new(inputs, slices * copies);
        float[] router = new float[copies * inputs];
        Initializer.DefaultFor(inputs).Fill(router, [copies, inputs], random ?? Initializer.Random);
        gate.Weight.Load(Repeated(router, inputs, slices));

        ExpertMlp experts = new(slices * copies, inputs, width, second.OutFeatures, block.Activation);
        experts.Weight1.Load(Tiled(first.Weight.Value.ToArray(), copies));
        experts.Bias1.Load(Tiled(first.Bias?.Value.ToArray() ?? new float[first.OutFeatures], copies));
        using (new MemoryScope())
        {
            Tensor columns = Ops.Permute(Ops.Reshape(second.Weight.Value, second.OutFeatures, slices, width), 1, 0, 2);
            experts.Weight2.Load(Tiled(columns.ToArray(), copies));
        }
        // The block's bias is shared out, as all experts of a set add theirs.
        float[] bias = Array.ConvertAll(second.Bias?.Value.ToArray() ?? new float[second.OutFeatures], value => value / slices);
        experts.Bias2.Load(Tiled(bias, slices * copies));
        return new SparseMixture(gate, experts, active: slices, shareSum: slices);
    }

    private static float[] Tiled(float[] values, int times) => [.. Enumerable.Repeat(values, times).SelectMany(static copy => copy)];

    private static float[] Repeated(float[] rows, int size, int times) => [.. rows.Chunk(size).SelectMany(row => Enumerable.Repeat(row, times)).SelectMany(static row => row)];
}
