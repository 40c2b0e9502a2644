using HyperKernels.Layers;

namespace HyperKernels.Models;

/// <summary>
/// Training in a random subspace: <c>theta = theta_0 + P z</c> with theta_0 a network's first values, P of unit columns and z from zero. The smallest length of z at which the
/// network reaches nine tenths of its usual accuracy is the intrinsic dimension of the task.
/// </summary>
/// <remarks>
/// P is dense, as in the paper's small experiments, but never stored. Source: Li, Farkhoor, Liu, Yosinski, Measuring the Intrinsic Dimension of Objective Landscapes, ICLR
/// 2018 (arXiv 1804.08838), eq. 2 and section S7.
/// </remarks>
public static class IntrinsicDimension
{
    /// <summary>What was published.</summary>
    public static PublishedSystem Published { get; } = new()
    {
        Name = "intrinsic-dimension",
        Title = "Intrinsic dimension: training in a random subspace",
        Kind = SystemKind.Conditional,
        Paper = new Paper("Li, Farkhoor, Liu, Yosinski", "Measuring the Intrinsic Dimension of Objective Landscapes", "ICLR", 2018) { Arxiv = "1804.08838" },
        Equation = "theta = theta_0 + P z, columns of P of unit length",
        Source = "eq. 2",
        Layers = [typeof(ProjectedNetwork), typeof(RandomProjectionEmission)],
        Cases = ["Intrinsic dimension"],
        Recipe = "intrinsic-dimension",
    };

    /// <summary>Lets a network train in a random subspace.</summary>
    /// <param name="target">Any layer; its values are those of theta_0.</param>
    /// <param name="dimension">The length of z.</param>
    /// <param name="seed">Where the subspace comes from.</param>
    /// <param name="kind">What matrix; of unit columns as in the paper.</param>
    /// <exception cref="ArgumentException">dimension is below 1, or the target has no parameters.</exception>
    public static ProjectedNetwork For(TensorLayer target, int dimension, ulong seed = 0, ProjectionKind kind = ProjectionKind.UnitColumns) =>
        new(target, new RandomProjectionEmission(target, dimension, kind, seed, hasBase: true), new LatentVector(dimension, 0));
}
