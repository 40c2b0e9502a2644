using System.Runtime.CompilerServices;

namespace HyperKernels.Backends;

/// <summary>
/// Philox4x32-10, a random generator without state: four 32-bit words for every (seed, block). Element i of a draw that begins at a
/// block takes word i mod 4 of block + i / 4, so that the bits depend on nothing but seed, position and index.
/// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
/// </summary>
internal static class Philox
{
    // Multipliers and Weyl constants of the paper, table 2 and section 4.1.
    internal const uint MultiplierA = 0xD2511F53;
    internal const uint MultiplierB = 0xCD9E8D57;
    internal const uint WeylA = 0x9E3779B9;
    internal const uint WeylB = 0xBB67AE85;
    internal const int RoundCount = 10;

    internal const float TwoToMinus24 = 1f / (1 << 24);
    internal const float TwoToMinus32 = 1f / 4294967296f;
    internal const float TwoPiOverTwoTo32 = (float)(2 * Math.PI / 4294967296.0);

    // Cephes sinf and cosf (S. L. Moshier), for |angle| <= pi / 4; the highest power first.
    internal const float Sine3 = -1.9515295891e-4f;
    internal const float Sine2 = 8.3321608736e-3f;
    internal const float Sine1 = -1.6666654611e-1f;
    internal const float Cosine3 = 2.443315711809948e-5f;
    internal const float Cosine2 = -1.388731625493765e-3f;
    internal const float Cosine1 = 4.166664568298827e-2f;

    // Cephes logf; the bits are those of sqrt(1/2), and the two parts of log 2 add up to more than one float holds.
    internal const float Log8 = 7.0376836292e-2f;
    internal const float Log7 = -1.1514610310e-1f;
    internal const float Log6 = 1.1676998740e-1f;
    internal const float Log5 = -1.2420140846e-1f;
    internal const float Log4 = 1.4249322787e-1f;
    internal const float Log3 = -1.6668057665e-1f;
    internal const float Log2 = 2.0000714765e-1f;
    internal const float Log1 = -2.4999993993e-1f;
    internal const float Log0 = 3.3333331174e-1f;
    internal const int RootHalfBits = 0x3F3504F3;
    internal const float LogTwoHigh = 0.693359375f;
    internal const float LogTwoLow = -2.12194440e-4f;

    /// <summary>The four words of a block: counter (block, 0), key seed.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words Block(ulong seed, ulong block) => Rounds((uint)block, (uint)(block >> 32), 0, 0, (uint)seed, (uint)(seed >> 32));

    /// <summary>Ten rounds over a full counter and key: what the published known answers are about.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Words Rounds(uint c0, uint c1, uint c2, uint c3, uint k0, uint k1)
    {
        for (int round = 0; round < RoundCount; round++)
        {
            ulong a = (ulong)MultiplierA * c0;
            ulong b = (ulong)MultiplierB * c2;
            c0 = (uint)(b >> 32) ^ c1 ^ k0;
            c2 = (uint)(a >> 32) ^ c3 ^ k1;
            c1 = (uint)b;
            c3 = (uint)a;
            k0 += WeylA;
            k1 += WeylB;
        }
        return new Words(c0, c1, c2, c3);
    }

    /// <summary>How many blocks a draw of some elements takes.</summary>
    public static ulong Blocks(long elements) => ((ulong)elements + 3) / 4;

    /// <summary>A multiple of 2^-24 in [0, 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Uniform(uint word) => (word >> 8) * TwoToMinus24;

    /// <summary>
    /// Two independent standard normal values from two words (G. Box, M. Muller, 1958). Built from exactly rounded operations only, so
    /// that every machine gives the same bits; relative error about 3e-7, largest magnitude 6.77.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static (float First, float Second) Normal(uint word1, uint word2)
    {
        // In (0, 1]: half a step above zero keeps the logarithm finite.
        float u = MathF.FusedMultiplyAdd(word1, TwoToMinus32, 0.5f * TwoToMinus32);
        float radius = MathF.Sqrt(MathF.Max(-2 * Log(u), 0));

        // The angle is 2 pi word2 / 2^32: quarter turns are split off in integers, exactly.
        uint quarter = (word2 + (1u << 29)) >> 30;
        float angle = (int)(word2 - (quarter << 30)) * TwoPiOverTwoTo32;
        float square = angle * angle;
        float sine = MathF.FusedMultiplyAdd(Sine3, square, Sine2);
        sine = MathF.FusedMultiplyAdd(sine, square, Sine1);
        sine = MathF.FusedMultiplyAdd(sine * square, angle, angle);
        float cosine = MathF.FusedMultiplyAdd(Cosine3, square, Cosine2);
        cosine = MathF.FusedMultiplyAdd(cosine, square, Cosine1);
        cosine = MathF.FusedMultiplyAdd(cosine * square, square, MathF.FusedMultiplyAdd(-0.5f, square, 1));
        return (quarter & 3) switch
        {
            0 => (radius * cosine, radius * sine),
            1 => (radius * -sine, radius * cosine),
            2 => (radius * -cosine, radius * -sine),
            _ => (radius * sine, radius * -cosine),
        };
    }

    // u is normal and positive.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Log(float u)
    {
        int bits = BitConverter.SingleToInt32Bits(u);
        // Mantissa in [sqrt(1/2), sqrt(2)), where the polynomial holds.
        int exponent = (bits - RootHalfBits) >> 23;
        float x = BitConverter.Int32BitsToSingle(bits - (exponent << 23)) - 1;
        float square = x * x;
        float p = MathF.FusedMultiplyAdd(Log8, x, Log7);
        p = MathF.FusedMultiplyAdd(p, x, Log6);
        p = MathF.FusedMultiplyAdd(p, x, Log5);
        p = MathF.FusedMultiplyAdd(p, x, Log4);
        p = MathF.FusedMultiplyAdd(p, x, Log3);
        p = MathF.FusedMultiplyAdd(p, x, Log2);
        p = MathF.FusedMultiplyAdd(p, x, Log1);
        p = MathF.FusedMultiplyAdd(p, x, Log0);
        float y = MathF.FusedMultiplyAdd(p * x, square, exponent * LogTwoLow);
        y = MathF.FusedMultiplyAdd(-0.5f, square, y);
        return MathF.FusedMultiplyAdd(exponent, LogTwoHigh, x + y);
    }

    /// <summary>The four words of a block.</summary>
    public readonly record struct Words(uint A, uint B, uint C, uint D);
}
