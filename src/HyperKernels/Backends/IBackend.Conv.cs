namespace HyperKernels.Backends;

/// <summary>Which of a convolution's three tensors is computed from the other two.</summary>
internal enum ConvProduct
{
    /// <summary>y from x and w, plus the bias.</summary>
    Forward,

    /// <summary>x from y and w: the adjoint of Forward in x.</summary>
    Input,

    /// <summary>w from x and y: the adjoint of Forward in w, summed over the samples that share a set.</summary>
    Kernel,
}

/// <summary>Convolution, shared and per-sample.</summary>
internal interface IConvBackend
{
    /// <summary>
    /// One of the three products of a convolution. What is computed is written in whole, x and w densely. The bias (Forward only)
    /// may be absent.
    /// </summary>
    void Convolve(ConvProduct product, in ConvSizes sizes, BufferRef x, BufferRef w, BufferRef? bias, BufferRef y);
}
