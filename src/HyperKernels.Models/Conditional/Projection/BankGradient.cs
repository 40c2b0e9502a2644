namespace HyperKernels.Models;

/// <summary>
/// By what the gradient of a shared bank is divided, number by number, with n uses of which n_l in tensor l with scale lambda_l: as the released code calls them, v1 to v5.
/// 1e-6 is added to each.
/// </summary>
public enum BankGradient
{
    /// <summary>Nothing: as in ROAST.</summary>
    None,

    /// <summary>v1: <c>(sum n_l lambda_l)^2 / (n + 1e-3)</c>, the default of STABLE-RPS.</summary>
    SquareOfSum,

    /// <summary>v2: <c>sum n_l lambda_l</c></summary>
    Sum,

    /// <summary>v3: <c>sum n_l lambda_l / (n + 1e-3)</c></summary>
    Mean,

    /// <summary>v4: <c>sqrt(sum n_l lambda_l^2)</c></summary>
    RootOfSquares,

    /// <summary>v5: <c>sum n_l lambda_l^2</c></summary>
    SumOfSquares,
}
