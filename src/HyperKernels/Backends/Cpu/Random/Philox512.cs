using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>Sixteen blocks of <see cref="Philox"/> at once in 512-bit registers: the same 64 numbers to the bit, since every operation is exactly rounded.</summary>
internal static unsafe class Philox512
{
    /// <summary>How many numbers are made at once.</summary>
    public const int Count = 64;

    private const int Lanes = 16;

    public static bool IsSupported => Avx512F.IsSupported;

    /// <summary>Writes <c>low + (high - low) u</c> with u uniform, from a block on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Uniform(ulong seed, ulong block, float low, float high, float* y)
    {
        Words words = Block(seed, block);
        Vector512<float> from = Vector512.Create(low);
        Vector512<float> width = Vector512.Create(high - low);
        Store(
            y,
            Vector512.FusedMultiplyAdd(Share(words.A), width, from), Vector512.FusedMultiplyAdd(Share(words.B), width, from),
            Vector512.FusedMultiplyAdd(Share(words.C), width, from), Vector512.FusedMultiplyAdd(Share(words.D), width, from));
    }

    /// <summary>Writes <c>mean + deviation n</c> with n standard normal, from a block on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Normal(ulong seed, ulong block, float mean, float deviation, float* y)
    {
        Words words = Block(seed, block);
        Vector512<float> from = Vector512.Create(mean);
        Vector512<float> width = Vector512.Create(deviation);
        (Vector512<float> first, Vector512<float> second) = Pair(words.A, words.B);
        (Vector512<float> third, Vector512<float> fourth) = Pair(words.C, words.D);
        Store(
            y,
            Vector512.FusedMultiplyAdd(first, width, from), Vector512.FusedMultiplyAdd(second, width, from),
            Vector512.FusedMultiplyAdd(third, width, from), Vector512.FusedMultiplyAdd(fourth, width, from));
    }

    // A word stands in the lower half of 64 bits, where the product of two of them finds room; what is left in upper halves is never read.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Words Block(ulong seed, ulong block)
    {
        Vector512<ulong> low0 = Vector512.Create(block) + Vector512<ulong>.Indices;
        Vector512<ulong> high0 = low0 + Vector512.Create((ulong)Vector512<ulong>.Count);
        (Vector512<ulong> low1, Vector512<ulong> high1) = (low0 >>> 32, high0 >>> 32);
        (Vector512<ulong> low2, Vector512<ulong> high2) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        (Vector512<ulong> low3, Vector512<ulong> high3) = (Vector512<ulong>.Zero, Vector512<ulong>.Zero);
        Vector512<uint> a = Vector512.Create((ulong)Philox.MultiplierA).AsUInt32();
        Vector512<uint> b = Vector512.Create((ulong)Philox.MultiplierB).AsUInt32();
        (uint key0, uint key1) = ((uint)seed, (uint)(seed >> 32));
        for (int round = 0; round < Philox.RoundCount; round++)
        {
            Vector512<ulong> k0 = Vector512.Create((ulong)key0);
            Vector512<ulong> k1 = Vector512.Create((ulong)key1);
            (Vector512<ulong> lowA, Vector512<ulong> lowB) = (Avx512F.Multiply(low0.AsUInt32(), a), Avx512F.Multiply(low2.AsUInt32(), b));
            (Vector512<ulong> highA, Vector512<ulong> highB) = (Avx512F.Multiply(high0.AsUInt32(), a), Avx512F.Multiply(high2.AsUInt32(), b));
            (low0, low2, low1, low3) = ((lowB >>> 32) ^ low1 ^ k0, (lowA >>> 32) ^ low3 ^ k1, lowB, lowA);
            (high0, high2, high1, high3) = ((highB >>> 32) ^ high1 ^ k0, (highA >>> 32) ^ high3 ^ k1, highB, highA);
            key0 += Philox.WeylA;
            key1 += Philox.WeylB;
        }
        return new Words(Join(low0, high0), Join(low1, high1), Join(low2, high2), Join(low3, high3));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<uint> Join(Vector512<ulong> low, Vector512<ulong> high) => Avx512F.PermuteVar16x32x2(
        low.AsUInt32(), Vector512.Create(0u, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30), high.AsUInt32());

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Share(Vector512<uint> word) =>
        Vector512.ConvertToSingle((word >>> 8).AsInt32()) * Vector512.Create(Philox.TwoToMinus24);

    // Philox.Normal, lane by lane.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static (Vector512<float> First, Vector512<float> Second) Pair(Vector512<uint> word1, Vector512<uint> word2)
    {
        Vector512<float> u = Vector512.FusedMultiplyAdd(
            Avx512F.ConvertToVector512Single(word1), Vector512.Create(Philox.TwoToMinus32), Vector512.Create(0.5f * Philox.TwoToMinus32));
        Vector512<float> radius = Vector512.Sqrt(Vector512.Max(Vector512.Create(-2f) * Log(u), Vector512<float>.Zero));
        Vector512<uint> quarter = (word2 + Vector512.Create(1u << 29)) >>> 30;
        Vector512<float> angle = Vector512.ConvertToSingle((word2 - (quarter << 30)).AsInt32()) * Vector512.Create(Philox.TwoPiOverTwoTo32);
        Vector512<float> square = angle * angle;
        Vector512<float> sine = Vector512.FusedMultiplyAdd(Vector512.Create(Philox.Sine3), square, Vector512.Create(Philox.Sine2));
        sine = Vector512.FusedMultiplyAdd(sine, square, Vector512.Create(Philox.Sine1));
        sine = Vector512.FusedMultiplyAdd(sine * square, angle, angle);
        Vector512<float> cosine = Vector512.FusedMultiplyAdd(Vector512.Create(Philox.Cosine3), square, Vector512.Create(Philox.Cosine2));
        cosine = Vector512.FusedMultiplyAdd(cosine, square, Vector512.Create(Philox.Cosine1));
        cosine = Vector512.FusedMultiplyAdd(cosine * square, square, Vector512.FusedMultiplyAdd(Vector512.Create(-0.5f), square, Vector512<float>.One));
        // By quarters: (c, s), (-s, c), (-c, -s), (s, -c).
        Vector512<float> isOdd = Vector512.Equals(quarter & Vector512<uint>.One, Vector512<uint>.One).AsSingle();
        Vector512<float> first = radius * Vector512.ConditionalSelect(isOdd, sine, cosine);
        Vector512<float> second = radius * Vector512.ConditionalSelect(isOdd, cosine, sine);
        Vector512<uint> two = Vector512.Create(2u);
        return (
            (first.AsUInt32() ^ (((quarter + Vector512<uint>.One) & two) << 30)).AsSingle(),
            (second.AsUInt32() ^ ((quarter & two) << 30)).AsSingle());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Log(Vector512<float> u)
    {
        Vector512<int> bits = u.AsInt32();
        Vector512<int> whole = (bits - Vector512.Create(Philox.RootHalfBits)) >> 23;
        Vector512<float> exponent = Vector512.ConvertToSingle(whole);
        Vector512<float> x = (bits - (whole << 23)).AsSingle() - Vector512<float>.One;
        Vector512<float> square = x * x;
        Vector512<float> p = Vector512.FusedMultiplyAdd(Vector512.Create(Philox.Log8), x, Vector512.Create(Philox.Log7));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log6));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log5));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log4));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log3));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log2));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log1));
        p = Vector512.FusedMultiplyAdd(p, x, Vector512.Create(Philox.Log0));
        Vector512<float> y = Vector512.FusedMultiplyAdd(p * x, square, exponent * Vector512.Create(Philox.LogTwoLow));
        y = Vector512.FusedMultiplyAdd(Vector512.Create(-0.5f), square, y);
        return Vector512.FusedMultiplyAdd(exponent, Vector512.Create(Philox.LogTwoHigh), x + y);
    }

    // Lane i of the four registers are the numbers of block i, which stand one behind the other.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store(float* y, Vector512<float> first, Vector512<float> second, Vector512<float> third, Vector512<float> fourth)
    {
        Vector512<int> lower = Vector512.Create(0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
        Vector512<int> upper = Vector512.Create(8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
        StorePairs(y, Avx512F.PermuteVar16x32x2(first, lower, second), Avx512F.PermuteVar16x32x2(third, lower, fourth));
        StorePairs(y + (2 * Lanes), Avx512F.PermuteVar16x32x2(first, upper, second), Avx512F.PermuteVar16x32x2(third, upper, fourth));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StorePairs(float* y, Vector512<float> even, Vector512<float> odd)
    {
        Avx512F.PermuteVar8x64x2(even.AsDouble(), Vector512.Create(0L, 8, 1, 9, 2, 10, 3, 11), odd.AsDouble()).AsSingle().Store(y);
        Avx512F.PermuteVar8x64x2(even.AsDouble(), Vector512.Create(4L, 12, 5, 13, 6, 14, 7, 15), odd.AsDouble()).AsSingle().Store(y + Lanes);
    }

    private readonly record struct Words(Vector512<uint> A, Vector512<uint> B, Vector512<uint> C, Vector512<uint> D);
}
