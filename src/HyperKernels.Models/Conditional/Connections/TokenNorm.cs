namespace HyperKernels.Models;

/// <summary>How the scores S of parameter tokens become weights in a <see cref="ParameterAttention"/>; T is the number of tokens.</summary>
public enum TokenNorm
{
    /// <summary><c>gelu(S) / |gelu(S)| sqrt(T)</c>: the paper's.</summary>
    GeluThenLength,

    /// <summary><c>gelu(S / |S| sqrt(T))</c>: what the released configurations use.</summary>
    LengthThenGelu,

    /// <summary><c>softmax(S) T</c></summary>
    Softmax,
}
