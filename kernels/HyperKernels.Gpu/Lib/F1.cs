using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>One float, for kernels that are written over <see cref="IVec{T}"/>.</summary>
internal struct F1(float x) : IVec<F1>
{
    public float X = x;

    public static int Count
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => 1;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F1 Get(ArrayView<float> from, long place) => new(from[place]);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Set(ArrayView<float> to, long place, F1 value) => to[place] = value.X;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F1 Add(F1 a, F1 b) => new(a.X + b.X);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F1 Scale(float by, F1 a) => new(by * a.X);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F1 Mad(float by, F1 a, F1 sum) => new(Intrinsics.Fma(by, a.X, sum.X));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F1 Mad(F1 a, F1 b, F1 sum) => new(Intrinsics.Fma(a.X, b.X, sum.X));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Total(F1 a) => a.X;
}
