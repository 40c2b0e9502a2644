using System.Runtime.CompilerServices;

namespace HyperKernels.Gpu;

/// <summary>Four floats that are read and written at once: a view of them is a view of floats, cast, whose place is a multiple of 16 bytes.</summary>
internal struct F4(float x, float y, float z, float w)
{
    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;

    /// <summary>The same number four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 All(float x) => new(x, x, x, x);
}
