namespace HyperKernels.Cases;

/// <summary>How far results may be from the double oracle's, as docs/numbers.md states it: in units in the last place, or in 2^-23 of the sum of the terms' magnitudes.</summary>
public static class RoundingBounds
{
    /// <summary>The bound of every op whose rounding is measured.</summary>
    public static IReadOnlyDictionary<string, double> All { get; } = new Dictionary<string, double>
    {
        // Functions.
        ["cos"] = 3,
        ["divided_number"] = 1,
        ["elu"] = 6,
        ["erf"] = 2,
        ["exp"] = 2,
        ["gelu"] = 2,
        ["gelu_tanh"] = 256,
        ["log"] = 2,
        ["power"] = 2,
        ["power_scalar"] = 2,
        ["power_scalar_whole"] = 2,
        ["rsqrt"] = 1,
        ["sigmoid"] = 3,
        ["silu"] = 64,
        ["sin"] = 3,
        ["sine"] = 3,
        ["softplus"] = 4,
        ["tanh"] = 2,
        // Sums and products at the sizes of the catalogue, whose longest sums have 70,001 terms.
        ["adaptive_average_pool2d"] = 4,
        ["average_pool2d"] = 4,
        ["batch_norm"] = 8,
        ["conv1d"] = 8,
        ["conv2d"] = 4096,
        ["conv2d_grad_input"] = 8,
        ["conv2d_grad_kernel"] = 64,
        ["conv2d_per_sample"] = 1024,
        ["conv2d_weight"] = 16,
        ["cross_entropy"] = 2,
        ["edges_to_nodes"] = 32,
        ["generate_linear"] = 32,
        ["group_norm"] = 8,
        ["l1_norm"] = 16,
        ["l2_norm"] = 8,
        ["l2_normalize"] = 4,
        ["layer_norm"] = 8,
        ["linear"] = 8,
        ["linear_grouped"] = 16,
        ["linear_per_sample"] = 8,
        ["linear_typed"] = 16,
        ["linear_weight"] = 8,
        ["log_softmax"] = 4,
        ["log_sum_exp"] = 4,
        ["matmul"] = 16,
        ["mean"] = 16,
        ["mix_groups"] = 4,
        ["multiply_add"] = 1,
        ["nodes_to_edges"] = 64,
        ["rms_norm"] = 8,
        ["sampled_dot"] = 8,
        ["segment_mean"] = 16,
        ["segment_softmax"] = 8,
        ["segment_sum"] = 16,
        ["softmax"] = 4,
        ["sum"] = 16,
        ["sum_of_columns"] = 4,
        ["variance"] = 64,
        ["variance_unbiased"] = 64,
        ["weight"] = 4,
    };

    /// <summary>The bound of an op; where none is stated, its results have to be exact.</summary>
    public static double Of(string op) => All.GetValueOrDefault(op);
}
