namespace HyperKernels;

/// <summary>What a <see cref="Weight"/> is made of.</summary>
public enum WeightKind
{
    /// <summary>A tensor: <c>W</c>.</summary>
    Dense,

    /// <summary>What a hypernetwork's last layer gives: <c>W_b = W_0 + sum_h z_bh G_h</c>.</summary>
    Generated,

    /// <summary>A mixture of experts' weights: <c>W_b = W_0 + sum_e r_be W_e</c>.</summary>
    Mixture,

    /// <summary>A change of low rank: <c>W_b = W_0 + scale B_b A_b</c>.</summary>
    LowRank,

    /// <summary>A sum of Kronecker products: <c>W = sum_i A_i (x) S_i</c>.</summary>
    Kronecker,

    /// <summary>Scaled weights: <c>W_b = W (1 + delta_b)</c>, with unit norm of every output's weights if demodulated.</summary>
    Modulated,

    /// <summary>A base and a scaled weight: <c>W_b = W_0 + s_b W</c>.</summary>
    Scaled,
}
