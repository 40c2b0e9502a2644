using System.Runtime.CompilerServices;
using ILGPU;
using static HyperKernels.Gpu.Intrinsics;

namespace HyperKernels.Gpu;

/// <summary>
/// Functions from exactly rounded operations only, so that they need no vendor's library and give the same bits everywhere. Ported from the processor's
/// (VecMath); logarithm, sine, cosine and power, which that takes from its platform, stand here in full. NaN in gives NaN out.
/// </summary>
internal static partial class MathK
{
    /// <summary>Infinity.</summary>
    private static float Infinity
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Interop.IntAsFloat(0x7F800000u);
    }

    /// <summary>The magnitude.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Abs(float x) => IntrinsicMath.Abs(x);

    /// <summary>Whether x is NaN; OpenCL's own isnan is a call on some drivers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
#pragma warning disable CS1718 // Compared with itself.
    public static bool IsNaN(float x) => x != x;
#pragma warning restore CS1718

    /// <summary>The larger; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Max(float a, float b)
    {
        // Two choices that are one instruction each; a condition of two parts becomes branches. Compared this way round, because ILGPU moves a constant to the right
        // and then takes the comparison to hold for NaN: a, which is right for either.
        float larger = b < a ? a : b;
        return IsNaN(a) ? a : larger;
    }

    /// <summary>The smaller; NaN if one is.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Min(float a, float b)
    {
        // As in Max.
        float smaller = b > a ? a : b;
        return IsNaN(a) ? a : smaller;
    }

    /// <summary>e^(x + rest) for a rest far smaller than x.   Relative error below 2e-7, infinity above 88.73, zero below -104.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float ExpSum(float x, float rest)
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts keeps r exact. Coefficients: Cephes expf (S. L. Moshier).
        float clamped = x < -104.5f ? -104.5f : x > 89.0f ? 89.0f : x;
        // Adding 1.5 2^23 rounds to a whole number and leaves it in the low bits, also where a conversion of NaN would be undefined.
        float shifted = Fma(clamped, 1.44269504f, 12582912.0f);
        float n = shifted - 12582912.0f;
        float r = Fma(n, -0.693359375f, clamped);
        r = Fma(n, 2.12194440e-4f, r) + rest;
        float p = Fma(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Fma(p, r, 8.3334519073e-3f);
        p = Fma(p, r, 4.1665795894e-2f);
        p = Fma(p, r, 1.6666665459e-1f);
        p = Fma(p, r, 0.5f);
        p = Fma(p, r * r, r + 1.0f);
        // Two factors, because 2^n alone leaves the range of a float before the product does.
        int whole = (int)Interop.FloatAsInt(shifted) - 0x4B400000;
        int low = whole >> 1;
        float first = Interop.IntAsFloat(((uint)(low + 127) << 23));
        float second = Interop.IntAsFloat(((uint)(whole - low + 127) << 23));
        return p * first * second;
    }

    /// <summary>e^x; the rest of minus zero changes no bit.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Exp(float x) => ExpSum(x, -0.0f);

    /// <summary>e^x - 1 without cancellation near zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Expm1(float x)
    {
        float n = Rint(x * 1.44269504f);
        float r = Fma(n, -0.693359375f, x);
        r = Fma(n, 2.12194440e-4f, r);
        float p = Fma(1.9875691500e-4f, r, 1.3981999507e-3f);
        p = Fma(p, r, 8.3334519073e-3f);
        p = Fma(p, r, 4.1665795894e-2f);
        p = Fma(p, r, 1.6666665459e-1f);
        p = Fma(p, r, 0.5f);
        p = Fma(p, r * r, r);
        // 2^n (e^r - 1) + (2^n - 1), both exact in 2^n, which is 1/2, 1 or 2 here.
        float scale = n < 0.0f ? 0.5f : n > 0.0f ? 2.0f : 1.0f;
        return Abs(x) < 1.0f ? Fma(scale, p, scale - 1.0f) : Exp(x) - 1.0f;
    }

    /// <summary>log u of a normal positive u: Philox.Log bit for bit.   Coefficients: Cephes logf (S. L. Moshier).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float LogNormal(float u)
    {
        int bits = (int)Interop.FloatAsInt(u);
        // Mantissa in [sqrt(1/2), sqrt(2)), where the polynomial holds.
        int exponent = (bits - 0x3F3504F3) >> 23;
        float x = Interop.IntAsFloat(((uint)bits - ((uint)exponent << 23))) - 1.0f;
        float square = x * x;
        float p = Fma(7.0376836292e-2f, x, -1.1514610310e-1f);
        p = Fma(p, x, 1.1676998740e-1f);
        p = Fma(p, x, -1.2420140846e-1f);
        p = Fma(p, x, 1.4249322787e-1f);
        p = Fma(p, x, -1.6668057665e-1f);
        p = Fma(p, x, 2.0000714765e-1f);
        p = Fma(p, x, -2.4999993993e-1f);
        p = Fma(p, x, 3.3333331174e-1f);
        float y = Fma(p * x, square, (float)exponent * -2.12194440e-4f);
        y = Fma(-0.5f, square, y);
        return Fma((float)exponent, 0.693359375f, x + y);
    }

    /// <summary>log x; minus infinity at 0, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log(float x)
    {
        // Below the normal numbers: lifted by 2^24, and 24 ln 2 taken away again.
        float lifted = x < 1.17549435e-38f ? x * 16777216.0f : x;
        float log = LogNormal(lifted) - (x < 1.17549435e-38f ? 16.6355323f : 0.0f);
        log = x < Infinity ? log : x;
        log = x == 0.0f ? -Infinity : log;
        return x < 0.0f ? Interop.IntAsFloat(0x7FC00000) : log;
    }

    /// <summary>log(1 + x) without cancellation near zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Log1p(float x)
    {
        // log(u) x / (u - 1) cancels the rounding of u (W. Kahan; N. Higham, Accuracy and Stability, section 1.14.1).
        float u = 1.0f + x;
        float difference = u - 1.0f;
        float log = Log(u);
        float near = difference == 0.0f ? x : log * x / difference;
        return Abs(x) < 1.0f ? near : log;
    }

    /// <summary>1 / (1 + e^-x), below zero e^x / (1 + e^x): e^-x overflows at -88.7, where the answer is still a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sigmoid(float x)
    {
        float small = Exp(-Abs(x));
        return (x < 0.0f ? small : 1.0f) / (1.0f + small);
    }

    /// <summary>tanh x; relative error below 3e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Tanh(float x)
    {
        // Polynomial: Cephes tanhf (S. L. Moshier); beyond 0.625 the quotient loses no digits by cancellation.
        float square = x * x;
        float p = Fma(-5.70498872745e-3f, square, 2.06390887954e-2f);
        p = Fma(p, square, -5.37397155531e-2f);
        p = Fma(p, square, 1.33314422036e-1f);
        p = Fma(p, square, -3.33332819422e-1f);
        float near = Fma(p * square, x, x);
        float magnitude = Abs(x);
        float far = 1.0f - 2.0f / (Exp(magnitude + magnitude) + 1.0f);
        far = x < 0.0f ? -far : far;
        return magnitude < 0.625f ? near : far;
    }

    /// <summary>erf x; relative error below 2e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Erf(float x)
    {
        // An odd polynomial near zero, 1 - e^polynomial beyond. Coefficients: N. Juffa, erff accurate to one ulp (public domain posts).
        float t = Abs(x);
        float square = x * x;
        float far = Fma(-1.72853470e-5f, t, 3.83197126e-4f);
        float middle = Fma(-3.88396438e-3f, t, 2.42546219e-2f);
        far = Fma(far, square, middle);
        far = Fma(far, t, -1.06777877e-1f);
        far = Fma(far, t, -6.34846687e-1f);
        far = Fma(far, t, -1.28717512e-1f);
        far = 1.0f - Exp(Fma(far, t, -t));
        far = x < 0.0f ? -far : far;
        float near = Fma(-5.96761703e-4f, square, 4.99119423e-3f);
        near = Fma(near, square, -2.67681349e-2f);
        near = Fma(near, square, 1.12819925e-1f);
        near = Fma(near, square, -3.76125336e-1f);
        near = Fma(near, square, 1.28379166e-1f);
        near = Fma(near, x, x);
        return t < 0.927734375f ? near : far;
    }

    /// <summary>log(1 + e^x); equals x for large x and e^x for very negative x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Softplus(float x) => Max(x, 0.0f) + Log1p(Exp(-Abs(x)));

    /// <summary>x (1 + erf(x / sqrt 2)) / 2; the error is 2e-7 |x|, so that the far negative tail has no relative accuracy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Gelu(float x)
    {
        float halved = 0.5f * x;
        return Fma(halved, Erf(x * 0.70710678f), halved);
    }

    /// <summary>x sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3), which keeps the negative tail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluTanh(float x)
    {
        float cubic = Fma(0.044715f * x * x, x, x);
        return x * Sigmoid(1.59576912f * cubic);
    }

    /// <summary>The gradient of <see cref="Gelu"/>: Phi(x) + x phi(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluSlope(float x)
    {
        float cumulative = Fma(0.5f, Erf(x * 0.70710678f), 0.5f);
        float density = 0.39894228f * Exp(-0.5f * x * x);
        return Fma(x, density, cumulative);
    }

    /// <summary>The gradient of <see cref="GeluTanh"/>, x s(v) with v = sqrt(8 / pi) (x + 0.044715 x^3): s + x s (1 - s) v'.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float GeluTanhSlope(float x)
    {
        float square = x * x;
        float s = Sigmoid(1.59576912f * Fma(0.044715f * square, x, x));
        return s * Fma(x * Fma(0.21406445f, square, 1.59576912f), 1.0f - s, 1.0f);
    }

    /// <summary>The gradient of x sigmoid(x).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SiluSlope(float x)
    {
        float s = Sigmoid(x);
        return s * Fma(x, 1.0f - s, 1.0f);
    }
}
