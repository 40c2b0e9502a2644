namespace HyperKernels.Gpu;

/// <summary>Two numbers.</summary>
internal struct Pair
{
    public float First;
    public float Second;
}
