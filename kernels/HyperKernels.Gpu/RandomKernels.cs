using System.Runtime.CompilerServices;
using ILGPU;
using ILGPU.Runtime;

namespace HyperKernels.Gpu;

/// <summary>Random numbers: element i of a draw takes word i mod 4 of block position + i / 4, so that the bits depend on nothing but seed, position and index.</summary>
internal static class RandomKernels
{
    /// <summary>y[i] = a + (b - a) u, u uniform.   Any launch size; a thread takes a block of four.</summary>
    [Kernel]
    public static void Uniform(DrawArguments p)
    {
        float scale = p.B - p.A;
        for (long i = 4 * Threads.Global; i < p.Count; i += 4 * Threads.Count)
        {
            Words4 words = PhiloxK.Block(p.Seed, p.Position + (ulong)(i >> 2));
            Write(p.Y, i, p.Count, p.Fours, new F4(
                Intrinsics.Fma(PhiloxK.Uniform(words.X), scale, p.A), Intrinsics.Fma(PhiloxK.Uniform(words.Y), scale, p.A),
                Intrinsics.Fma(PhiloxK.Uniform(words.Z), scale, p.A), Intrinsics.Fma(PhiloxK.Uniform(words.W), scale, p.A)));
        }
    }

    /// <summary>y[i] = a + b n, n of the standard normal distribution.   Any launch size; a thread takes a block of four.</summary>
    [Kernel]
    public static void Normal(DrawArguments p)
    {
        for (long i = 4 * Threads.Global; i < p.Count; i += 4 * Threads.Count)
        {
            Words4 words = PhiloxK.Block(p.Seed, p.Position + (ulong)(i >> 2));
            F2 first = PhiloxK.Normal(words.X, words.Y);
            F2 second = PhiloxK.Normal(words.Z, words.W);
            Write(p.Y, i, p.Count, p.Fours, new F4(
                Intrinsics.Fma(first.X, p.B, p.A), Intrinsics.Fma(first.Y, p.B, p.A), Intrinsics.Fma(second.X, p.B, p.A), Intrinsics.Fma(second.Y, p.B, p.A)));
        }
    }

    /// <summary>y[i] = scale x[i] where the word of element i is at least the threshold, else 0.   Any launch size; y may be x.</summary>
    [Kernel]
    public static void Dropout(DropoutArguments p)
    {
        for (long i = 4 * Threads.Global; i < p.Count; i += 4 * Threads.Count)
        {
            Words4 words = PhiloxK.Block(p.Seed, p.Position + (ulong)(i >> 2));
            F4 x = Read(p.X, i, p.Count, p.Fours);
            // Not a product with 0 or 1: what is dropped must not pass on infinity or NaN.
            Write(p.Y, i, p.Count, p.Fours, new F4(
                words.X >= p.Threshold ? p.Scale * x.X : 0f, words.Y >= p.Threshold ? p.Scale * x.Y : 0f,
                words.Z >= p.Threshold ? p.Scale * x.Z : 0f, words.W >= p.Threshold ? p.Scale * x.W : 0f));
        }
    }

    // Four values or, at the end of the draw, the first of them. Whole fours need a place at a multiple of 16 bytes.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static F4 Read(ArrayView<float> x, long i, long count, int fours)
    {
        F4 value;
        if (fours != 0 && count - i >= 4)
        {
            value = x.Cast<F4>()[i >> 2];
        }
        else
        {
            value = new F4(x[i], count - i > 1 ? x[i + 1] : 0f, count - i > 2 ? x[i + 2] : 0f, count - i > 3 ? x[i + 3] : 0f);
        }
        return value;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Write(ArrayView<float> y, long i, long count, int fours, F4 value)
    {
        if (fours != 0 && count - i >= 4)
        {
            y.Cast<F4>()[i >> 2] = value;
        }
        else
        {
            y[i] = value.X;
            if (count - i > 1)
            {
                y[i + 1] = value.Y;
            }
            if (count - i > 2)
            {
                y[i + 2] = value.Z;
            }
            if (count - i > 3)
            {
                y[i + 3] = value.W;
            }
        }
    }
}

/// <summary>Arguments of <see cref="RandomKernels.Uniform"/> and <see cref="RandomKernels.Normal"/>.</summary>
internal struct DrawArguments
{
    public ulong Seed;
    public ulong Position;
    public long Count;
    public float A;
    public float B;

    /// <summary>Whether y lies at a multiple of 16 bytes.</summary>
    public int Fours;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="RandomKernels.Dropout"/>.</summary>
internal struct DropoutArguments
{
    public ulong Seed;
    public ulong Position;
    public uint Threshold;
    public float Scale;
    public long Count;

    /// <summary>Whether x and y lie at multiples of 16 bytes.</summary>
    public int Fours;
    public ArrayView<float> X;
    public ArrayView<float> Y;
}
