namespace HyperKernels;

/// <summary>How exactly matrix products are computed on devices that have tensor cores. <see cref="Precision.Use"/> chooses.</summary>
/// <remarks>
/// Sums are float32 at every precision. Rounding both operands changes an element by at most twice the share below of <c>sum |a||b|</c>, however deep
/// the product is: 2^-10 with TF32, 2^-7 with bfloat16.
/// </remarks>
public enum MatmulPrecision
{
    /// <summary>IEEE float32 throughout: the default.</summary>
    Float32,

    /// <summary>Operands rounded to 10 explicit mantissa bits, range as float32: each at most 2^-11 off.</summary>
    TF32,

    /// <summary>Operands rounded to 7 explicit mantissa bits, range as float32: each at most 2^-8 off.</summary>
    BFloat16,
}
