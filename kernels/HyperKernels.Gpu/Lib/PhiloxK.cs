using System.Runtime.CompilerServices;
using ILGPU;
using static HyperKernels.Gpu.Intrinsics;

namespace HyperKernels.Gpu;

/// <summary>
/// Philox4x32-10: bit for bit <see cref="Backends.Philox"/>, in exactly rounded operations only. Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel random
/// numbers: as easy as 1, 2, 3, SC 2011.
/// </summary>
internal static class PhiloxK
{
    /// <summary>The four words of a block: ten rounds over the counter (block, 0) with the seed as key; constants: the paper's table 2 and section 4.1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words4 Block(ulong seed, ulong block)
    {
        State state = default;
        state.Counter = new Words4((uint)block, (uint)(block >> 32), 0, 0);
        state.First = (uint)seed;
        state.Second = (uint)(seed >> 32);
        // Written out: ILGPU unrolls no loop, and one in the way keeps a compiler from drawing several blocks at once.
        state = Round(Round(Round(Round(Round(state)))));
        return Round(Round(Round(Round(Round(state))))).Counter;
    }

    /// <summary>A multiple of 2^-24 in [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Uniform(uint word) => (int)(word >> 8) * 5.9604644775390625e-8f;

    /// <summary>Two independent standard normal values from two words (G. Box, M. Muller, 1958).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static F2 Normal(uint word1, uint word2)
    {
        // In (0, 1]: half a step above zero keeps the logarithm finite. The word is rounded to a float first, as on the processor.
        float u = Fma((float)(long)word1, 2.3283064365386963e-10f, 1.16415321826934814453125e-10f);
        float radius = Sqrt(MathK.Max(-2.0f * MathK.LogNormal(u), 0.0f));
        // The angle is 2 pi word2 / 2^32: quarter turns are split off in integers, exactly.
        uint quarter = (word2 + (1u << 29)) >> 30;
        float angle = (int)(word2 - (quarter << 30)) * 1.46291807926715968105133780430979E-9f;
        float sine = MathK.SinNear(angle);
        float cosine = MathK.CosNear(angle);
        float x = (quarter & 1u) != 0u ? sine : cosine;
        float y = (quarter & 1u) != 0u ? cosine : sine;
        // The signs of the quarters, + - - + and + + - -, go in as bits: as a choice between a number and its negative PoCL 3.1 gets them wrong.
        return new F2(
            radius * Interop.IntAsFloat(Interop.FloatAsInt(x) ^ (((quarter + 1u) & 2u) << 30)),
            radius * Interop.IntAsFloat(Interop.FloatAsInt(y) ^ ((quarter & 2u) << 30)));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static State Round(State state)
    {
        Words4 counter = state.Counter;
        state.Counter = new Words4(
            MulHi(0xCD9E8D57u, counter.Z) ^ counter.Y ^ state.First,
            0xCD9E8D57u * counter.Z,
            MulHi(0xD2511F53u, counter.X) ^ counter.W ^ state.Second,
            0xD2511F53u * counter.X);
        state.First += 0x9E3779B9u;
        state.Second += 0xBB67AE85u;
        return state;
    }

    // Counter and key.
    private struct State
    {
        public Words4 Counter;
        public uint First;
        public uint Second;
    }
}

/// <summary>Four words.</summary>
internal readonly struct Words4(uint x, uint y, uint z, uint w)
{
    public readonly uint X = x;
    public readonly uint Y = y;
    public readonly uint Z = z;
    public readonly uint W = w;
}

/// <summary>Two floats.</summary>
internal readonly struct F2(float x, float y)
{
    public readonly float X = x;
    public readonly float Y = y;
}
