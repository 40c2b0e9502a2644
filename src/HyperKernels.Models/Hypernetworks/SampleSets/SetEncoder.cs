namespace HyperKernels.Models;

/// <summary>What reads the samples in a <see cref="SampleSetConditioning"/>.</summary>
public enum SetEncoder
{
    /// <summary>One self-attention without a map behind it.</summary>
    Attention,

    /// <summary>The same, followed by GELU.</summary>
    AttentionGelu,

    /// <summary>A transformer encoder: layers of attention and a perceptron (GELU), a norm behind each.</summary>
    Transformer,
}
