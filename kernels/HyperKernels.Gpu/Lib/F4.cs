using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Four floats that are read and written at once: a view of them is a view of floats, cast, whose place is a multiple of 16 bytes.</summary>
internal struct F4(float x, float y, float z, float w) : IVec<F4>
{
    public float X = x;
    public float Y = y;
    public float Z = z;
    public float W = w;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 4;
    }

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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Add(F4 a, F4 b) => new(a.X + b.X, a.Y + b.Y, a.Z + b.Z, a.W + b.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Scale(float by, F4 a) => new(by * a.X, by * a.Y, by * a.Z, by * a.W);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Mad(float by, F4 a, F4 sum) => new(
        Intrinsics.Fma(by, a.X, sum.X), Intrinsics.Fma(by, a.Y, sum.Y), Intrinsics.Fma(by, a.Z, sum.Z), Intrinsics.Fma(by, a.W, sum.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Mad(F4 a, F4 b, F4 sum) => new(
        Intrinsics.Fma(a.X, b.X, sum.X), Intrinsics.Fma(a.Y, b.Y, sum.Y), Intrinsics.Fma(a.Z, b.Z, sum.Z), Intrinsics.Fma(a.W, b.W, sum.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(F4 a) => (a.X + a.Y) + (a.Z + a.W);
}
