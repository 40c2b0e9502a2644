namespace HyperKernels.Backends;

/// <summary>
/// The sizes of a convolution <c>y[b, o] = sum over i, r, c of w[set(b), o, i, r, c] x[b, i, ...]</c>. Samples may lie apart by any
/// stride; inside a sample, and inside a set of kernels, everything is contiguous. Per-sample convolution has as many sets as samples.
/// </summary>
internal struct ConvSizes
{
    public int Batch;

    /// <summary>Channels of x, over all groups.</summary>
    public int Inputs;

    /// <summary>Channels of y, over all groups.</summary>
    public int Outputs;
    public int Height;
    public int Width;
    public int KernelH;
    public int KernelW;
    public int OutHeight;
    public int OutWidth;
    public int StrideH;
    public int StrideW;
    public int PaddingH;
    public int PaddingW;
    public int DilationH;
    public int DilationW;
    public int Groups;

    /// <summary>Kernel sets: 1 if shared by the batch, else a divisor of it; consecutive samples use one set.</summary>
    public int Sets;

    /// <summary>Elements from one sample of x to the next.</summary>
    public long SampleX;

    /// <summary>Elements from one sample of y to the next.</summary>
    public long SampleY;

    /// <summary>Elements from one set of kernels to the next.</summary>
    public long SetW;

    /// <summary>Elements from one set's bias to the next.</summary>
    public long SetBias;

    public readonly int GroupInputs => Inputs / Groups;

    public readonly int GroupOutputs => Outputs / Groups;

    public readonly int SamplesPerSet => Sets == 0 ? 0 : Batch / Sets;

    /// <summary>Positions of a kernel over one group's input channels: the depth of the product.</summary>
    public readonly int Depth => GroupInputs * KernelH * KernelW;

    public readonly int OutPixels => OutHeight * OutWidth;

    public readonly int Pixels => Height * Width;
}
