using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Tensor cores in plain arithmetic, so that what is written for them can be checked without any: 32 neighbouring threads exchange their words through group
/// memory, and each works out the sums that a device's would give it.
/// </summary>
internal static class EmulatedCores
{
    // A fragment of each side, of eight warps.
    private const int Words = 6 * 256;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<uint> Room() => SharedMemory.Allocate1D<uint>(Words).AsContiguous();

    /// <summary>Where the words of the thread's warp lie, now that all threads have put theirs there: [left 4, right 2, lane].</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Exchange(ArrayView<uint> room, TensorWords a, TensorPair b)
    {
        int warp = (Threads.Local >> 5) * (6 * 32);
        int own = warp + (Threads.Local & 31);
        room[own] = a.X;
        room[own + 32] = a.Y;
        room[own + 64] = a.Z;
        room[own + 96] = a.W;
        room[own + 128] = b.X;
        room[own + 160] = b.Y;
        Group.Barrier();
        return warp;
    }

    /// <summary>The word, of the left side, of the row of the thread's sums 0 and 1 (lower: 2 and 3) at a word k of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Left(ArrayView<uint> room, int warp, int lower, int k) =>
        room[warp + (64 * (k >> 2)) + (32 * lower) + (Threads.Local & 28) + (k & 3)];

    /// <summary>The word, of the right side, of the column of the thread's sums 0 and 2 (next: 1 and 3) at a word k of eight.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Right(ArrayView<uint> room, int warp, int next, int k) =>
        room[warp + 128 + (32 * (k >> 2)) + (4 * ((2 * (Threads.Local & 3)) + next)) + (k & 3)];

    /// <summary>The nearest number in TF32; ties go away from zero, as in cvt.rna.tf32.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint Tf32(float x) => Round(Interop.FloatAsInt(x), 0x1000, 0xffffe000);

    /// <summary>The nearest number in bfloat16, in the lower half; ties go to even, as in cvt.rn.bf16x2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint BFloat16(float x)
    {
        uint bits = Interop.FloatAsInt(x);
        return Round(bits, 0x7fff + ((bits >> 16) & 1), 0xffff0000) >> 16;
    }

    // Infinity stays; what is not a number stays so.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Round(uint bits, uint above, uint mask)
    {
        uint rounded = (bits + above) & mask;
        if ((bits & 0x7f800000) == 0x7f800000)
        {
            rounded = (bits & 0x7fffff) != 0 ? bits | 0x400000 : bits;
        }
        return rounded;
    }
}

/// <summary>Emulated tensor cores in TF32.</summary>
internal readonly struct EmulatedTf32 : ITensorCores
{
    public static int Floats => 1;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorWords Words(F4 first, F4 second) => new(
        EmulatedCores.Tf32(first.X), EmulatedCores.Tf32(first.Y), EmulatedCores.Tf32(first.Z), EmulatedCores.Tf32(first.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<uint> Room() => EmulatedCores.Room();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Multiply(ArrayView<uint> room, TensorWords a, TensorPair b, F4 sums)
    {
        int warp = EmulatedCores.Exchange(room, a, b);
        for (int k = 0; k < 8; k++)
        {
            float upper = Number(EmulatedCores.Left(room, warp, 0, k));
            float lower = Number(EmulatedCores.Left(room, warp, 1, k));
            float column = Number(EmulatedCores.Right(room, warp, 0, k));
            float next = Number(EmulatedCores.Right(room, warp, 1, k));
            sums.X = Intrinsics.Fma(upper, column, sums.X);
            sums.Y = Intrinsics.Fma(upper, next, sums.Y);
            sums.Z = Intrinsics.Fma(lower, column, sums.Z);
            sums.W = Intrinsics.Fma(lower, next, sums.W);
        }
        Group.Barrier();
        return sums;
    }

    // Tensor cores do not look at the lower bits.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Number(uint word) => Interop.IntAsFloat(word & 0xffffe000);
}

/// <summary>Emulated tensor cores in bfloat16.</summary>
internal readonly struct EmulatedBFloat16 : ITensorCores
{
    public static int Floats => 2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TensorWords Words(F4 first, F4 second) => new(
        Pair(first.X, first.Y), Pair(first.Z, first.W), Pair(second.X, second.Y), Pair(second.Z, second.W));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static ArrayView<uint> Room() => EmulatedCores.Room();

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F4 Multiply(ArrayView<uint> room, TensorWords a, TensorPair b, F4 sums)
    {
        int warp = EmulatedCores.Exchange(room, a, b);
        for (int k = 0; k < 8; k++)
        {
            uint upper = EmulatedCores.Left(room, warp, 0, k);
            uint lower = EmulatedCores.Left(room, warp, 1, k);
            uint column = EmulatedCores.Right(room, warp, 0, k);
            uint next = EmulatedCores.Right(room, warp, 1, k);
            sums.X = Add(upper, column, sums.X);
            sums.Y = Add(upper, next, sums.Y);
            sums.Z = Add(lower, column, sums.Z);
            sums.W = Add(lower, next, sums.W);
        }
        Group.Barrier();
        return sums;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Pair(float low, float high) => EmulatedCores.BFloat16(low) | (EmulatedCores.BFloat16(high) << 16);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Add(uint left, uint right, float sum)
    {
        sum = Intrinsics.Fma(Interop.IntAsFloat(left << 16), Interop.IntAsFloat(right << 16), sum);
        return Intrinsics.Fma(Interop.IntAsFloat(left & 0xffff0000), Interop.IntAsFloat(right & 0xffff0000), sum);
    }
}
