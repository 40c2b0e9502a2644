namespace HyperKernels.Backends;

/// <summary>
/// The axes of a normalisation: <c>[Outer, Groups, Channels, Inner]</c>. Every (outer, group) is normalised over its channels and inner
/// elements, or every group over all outer steps too (<see cref="AcrossOuter"/>, where Channels is 1).
/// </summary>
internal struct NormalizeSizes
{
    public int Outer;
    public int Groups;
    public int Channels;
    public int Inner;

    /// <summary>One mean for all outer steps: batch norm.</summary>
    public bool AcrossOuter;

    /// <summary>Whether the mean is taken away; if not, the mean square takes the place of the variance.</summary>
    public bool Centred;

    /// <summary>Added to the variance.</summary>
    public float Epsilon;

    /// <summary>How many gains and biases there are; each serves Outer / Sets outer steps in a row.</summary>
    public int Sets;

    /// <summary>Elements from the gains of one set to those of the next; inside a set there are Groups x Channels.</summary>
    public long StrideGain;

    /// <summary>The same for biases.</summary>
    public long StrideBias;

    /// <summary>How many means and variances there are.</summary>
    public readonly int Statistics => AcrossOuter ? Groups : Outer * Groups;

    /// <summary>How many elements each of them is taken over.</summary>
    public readonly long Size => (AcrossOuter ? (long)Outer : 1) * Channels * Inner;
}

/// <summary>Normalisation and its gradients.</summary>
internal interface INormalizeBackend
{
    /// <summary>
    /// y = (x - mean) / sqrt(variance + epsilon) gain + bias. gain and bias may be absent; means and variances are written, means
    /// only where <see cref="NormalizeSizes.Centred"/>. x and y are dense; there is at least one element.
    /// </summary>
    void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances);

    /// <summary>The gradient with respect to x, from that of y, with what <see cref="Normalize"/> wrote.</summary>
    void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y);

    /// <summary>The gradients with respect to gain and bias, each dense <c>[Sets, Groups x Channels]</c> or absent.</summary>
    void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias);
}
