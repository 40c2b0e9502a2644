using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

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

    /// <summary>
    /// Four floats at a place that is a multiple of 16 bytes. The place is said to be aligned, not counted in fours: so a compiler sees how far apart those of
    /// neighbouring threads are.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Get(ArrayView<float> from, long place) => from.SubView(place, 4).AsAligned(16).Cast<F4>()[0];

    /// <summary>Writes them to such a place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(ArrayView<float> to, long place, F4 value) => to.SubView(place, 4).AsAligned(16).Cast<F4>()[0] = value;
}
