namespace HyperKernels.Gpu;

/// <summary>Four words that tensor cores read: a number in TF32, or two in bfloat16, each. A thread's part of a left fragment.</summary>
internal struct TensorWords(uint x, uint y, uint z, uint w)
{
    public uint X = x;
    public uint Y = y;
    public uint Z = z;
    public uint W = w;
}
