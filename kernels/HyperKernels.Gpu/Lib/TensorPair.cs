namespace HyperKernels.Gpu;

/// <summary>Two words that tensor cores read: a thread's part of a right fragment.</summary>
internal struct TensorPair(uint x, uint y)
{
    public uint X = x;
    public uint Y = y;
}
