using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The tensor cores of a CUDA device, in TF32.</summary>
internal readonly struct CudaTf32 : ITensorCores
{
    public static int Floats => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorWords Words(F4 first, F4 second) => new(
        TensorIntrinsics.Tf32(first.X), TensorIntrinsics.Tf32(first.Y), TensorIntrinsics.Tf32(first.Z), TensorIntrinsics.Tf32(first.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<uint> Room() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Multiply(ArrayView<uint> room, TensorWords a, TensorPair b, F4 sums) => TensorIntrinsics.MultiplyTf32(a, b, sums);
}

/// <summary>The tensor cores of a CUDA device, in bfloat16.</summary>
internal readonly struct CudaBFloat16 : ITensorCores
{
    public static int Floats => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorWords Words(F4 first, F4 second) => new(
        TensorIntrinsics.BFloat16(first.Y, first.X), TensorIntrinsics.BFloat16(first.W, first.Z),
        TensorIntrinsics.BFloat16(second.Y, second.X), TensorIntrinsics.BFloat16(second.W, second.Z));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<uint> Room() => default;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Multiply(ArrayView<uint> room, TensorWords a, TensorPair b, F4 sums) => TensorIntrinsics.MultiplyBFloat16(a, b, sums);
}
