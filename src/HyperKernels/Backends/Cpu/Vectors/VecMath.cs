using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace HyperKernels.Backends.Cpu;

/// <summary>
/// Transcendental functions over <see cref="IVec{TSelf}"/>. They are built from exactly rounded operations only, so that every vector width gives the same
/// bits. NaN in gives NaN out.
/// </summary>
internal static partial class VecMath
{
    // Below this magnitude 1 - 2 / (e^2x + 1) loses digits by cancellation and the polynomial is exact enough.
    private const float TanhPolynomialLimit = 0.625f;

    /// <summary>Whether <see cref="IVec{TSelf}.MultiplyAdd"/> rounds once.</summary>
    public static bool IsFused
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Fma.IsSupported || AdvSimd.IsSupported;
    }

    /// <summary><see cref="IVec{TSelf}.Accumulate(ref TSelf, TSelf, TSelf)"/> where a tile has that row or vector: a condition that the compiler knows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void AccumulateIf<TVec>(bool has, ref TVec sum, TVec a, TVec b)
        where TVec : struct, IVec<TVec>
    {
        if (has)
        {
            TVec.Accumulate(ref sum, a, b);
        }
    }

    /// <summary>The same with b read from memory.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static unsafe void AccumulateIf<TVec>(bool has, ref TVec sum, TVec a, float* b)
        where TVec : struct, IVec<TVec>
    {
        if (has)
        {
            TVec.Accumulate(ref sum, a, b);
        }
    }

    /// <summary>e^x; relative error below 2e-7, infinity above 88.73, zero below -104.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Exp<TVec>(TVec x)
        where TVec : struct, IVec<TVec> =>
        ExpWithin(TVec.MinNative(TVec.Create(89f), TVec.MaxNative(TVec.Create(-104.5f), x)));

    // e^x for x from -104.5 to 89.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec ExpWithin<TVec>(TVec clamped)
        where TVec : struct, IVec<TVec>
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts keeps r exact. Coefficients: Cephes expf (S. L. Moshier).
        TVec n = TVec.Round(clamped * TVec.Create(1.44269504f));
        TVec r = TVec.MultiplyAdd(n, TVec.Create(-0.693359375f), clamped);
        r = TVec.MultiplyAdd(n, TVec.Create(2.12194440e-4f), r);
        TVec p = TVec.MultiplyAdd(TVec.Create(1.9875691500e-4f), r, TVec.Create(1.3981999507e-3f));
        p = TVec.MultiplyAdd(p, r, TVec.Create(8.3334519073e-3f));
        p = TVec.MultiplyAdd(p, r, TVec.Create(4.1665795894e-2f));
        p = TVec.MultiplyAdd(p, r, TVec.Create(1.6666665459e-1f));
        p = TVec.MultiplyAdd(p, r, TVec.Create(0.5f));
        p = TVec.MultiplyAdd(p, r * r, r + TVec.Create(1));
        return TVec.ScaleByPowerOfTwo(p, n);
    }

    /// <summary>log x; relative error below 1.2e-7. -infinity of zero, NaN below.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Log<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec denormal = TVec.LessThan(x, TVec.Create(1.17549435e-38f));
        TVec log = LogOfNormal(
            TVec.Select(denormal, x * TVec.Create(8388608), x), TVec.Select(denormal, TVec.Create(-23), TVec.Zero));
        log = TVec.Select(TVec.LessThan(x, TVec.Create(float.PositiveInfinity)), log, x);
        log = TVec.Select(TVec.LessThan(x, TVec.Zero), TVec.Create(float.NaN), log);
        return TVec.Select(TVec.Equal(x, TVec.Zero), TVec.Create(float.NegativeInfinity), log);
    }

    /// <summary>log(x 2^exponent) of a positive number that is no denormal: the logarithm of <see cref="Philox"/>, with its bits.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LogOfNormal<TVec>(TVec x, TVec exponent)
        where TVec : struct, IVec<TVec>
    {
        // x = (1 + z) 2^n.
        TVec z = TVec.Significand(x, out TVec n) - TVec.Create(1);
        n += exponent;
        TVec square = z * z;
        TVec p = TVec.MultiplyAdd(TVec.Create(Philox.Log8), z, TVec.Create(Philox.Log7));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log6));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log5));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log4));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log3));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log2));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log1));
        p = TVec.MultiplyAdd(p, z, TVec.Create(Philox.Log0));
        TVec rest = TVec.MultiplyAdd(p * z, square, n * TVec.Create(Philox.LogTwoLow));
        rest = TVec.MultiplyAdd(TVec.Create(-0.5f), square, rest);
        return TVec.MultiplyAdd(n, TVec.Create(Philox.LogTwoHigh), z + rest);
    }

    /// <summary>e^x - 1 without cancellation near zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec ExpMinusOne<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        // (u - 1) x / log u cancels the rounding of u (W. Kahan; N. Higham, Accuracy and Stability, section 1.14.1).
        TVec one = TVec.Create(1);
        TVec u = Exp(x);
        TVec difference = u - one;
        TVec near = TVec.Select(TVec.Equal(difference, TVec.Zero), x, difference * x / TVec.Log(u));
        return TVec.Select(TVec.LessThan(TVec.Abs(x), one), near, difference);
    }

    /// <summary>log(1 + x) without cancellation near zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec LogOnePlus<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec one = TVec.Create(1);
        TVec u = one + x;
        TVec difference = u - one;
        TVec log = TVec.Log(u);
        TVec near = TVec.Select(TVec.Equal(difference, TVec.Zero), x, log * x / difference);
        return TVec.Select(TVec.LessThan(TVec.Abs(x), one), near, log);
    }

    /// <summary>1 / (1 + e^-x), below zero e^x / (1 + e^x): e^-x overflows at -88.7, where the answer is still a number.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Sigmoid<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec small = ExpWithin(TVec.MaxNative(TVec.Create(-104.5f), -TVec.Abs(x)));
        return TVec.Select(TVec.LessThan(x, TVec.Zero), small, TVec.Create(1)) / (TVec.Create(1) + small);
    }

    /// <summary>tanh x; relative error below 3e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Tanh<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        // Polynomial: Cephes tanhf (S. L. Moshier).
        TVec square = x * x;
        TVec p = TVec.MultiplyAdd(TVec.Create(-5.70498872745e-3f), square, TVec.Create(2.06390887954e-2f));
        p = TVec.MultiplyAdd(p, square, TVec.Create(-5.37397155531e-2f));
        p = TVec.MultiplyAdd(p, square, TVec.Create(1.33314422036e-1f));
        p = TVec.MultiplyAdd(p, square, TVec.Create(-3.33332819422e-1f));
        TVec near = TVec.MultiplyAdd(p * square, x, x);
        TVec magnitude = TVec.Abs(x);
        TVec far = TVec.Create(1) - TVec.Create(2) / (Exp(magnitude + magnitude) + TVec.Create(1));
        far = TVec.Select(TVec.LessThan(x, TVec.Zero), -far, far);
        return TVec.Select(TVec.LessThan(magnitude, TVec.Create(TanhPolynomialLimit)), near, far);
    }

    /// <summary>erf x; relative error below 2e-7.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Erf<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        // An odd polynomial near zero, 1 - e^polynomial beyond. Coefficients: N. Juffa, erff accurate to one ulp (public domain posts).
        TVec t = TVec.Abs(x);
        TVec square = x * x;
        TVec far = TVec.MultiplyAdd(TVec.Create(-1.72853470e-5f), t, TVec.Create(3.83197126e-4f));
        TVec middle = TVec.MultiplyAdd(TVec.Create(-3.88396438e-3f), t, TVec.Create(2.42546219e-2f));
        far = TVec.MultiplyAdd(far, square, middle);
        far = TVec.MultiplyAdd(far, t, TVec.Create(-1.06777877e-1f));
        far = TVec.MultiplyAdd(far, t, TVec.Create(-6.34846687e-1f));
        far = TVec.MultiplyAdd(far, t, TVec.Create(-1.28717512e-1f));
        far = TVec.Create(1) - Exp(TVec.MultiplyAdd(far, t, -t));
        far = TVec.Select(TVec.LessThan(x, TVec.Zero), -far, far);
        TVec near = TVec.MultiplyAdd(TVec.Create(-5.96761703e-4f), square, TVec.Create(4.99119423e-3f));
        near = TVec.MultiplyAdd(near, square, TVec.Create(-2.67681349e-2f));
        near = TVec.MultiplyAdd(near, square, TVec.Create(1.12819925e-1f));
        near = TVec.MultiplyAdd(near, square, TVec.Create(-3.76125336e-1f));
        near = TVec.MultiplyAdd(near, square, TVec.Create(1.28379166e-1f));
        near = TVec.MultiplyAdd(near, x, x);
        return TVec.Select(TVec.LessThan(t, TVec.Create(0.927734375f)), near, far);
    }

    /// <summary>sin x; within two units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Sin<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec halfTurns = TVec.Round(x * TVec.Create(0.318309886f));
        TVec sin = TVec.NegateWhereOdd(SinBesideHalfTurns(x, halfTurns), halfTurns);
        // The remainder of -0 is +0.
        sin = TVec.Select(TVec.LessThan(TVec.Abs(x), TVec.Create(2.4e-4f)), x, sin);
        TVec large = IsLarge(x);
        return TVec.Any(large) ? TVec.Select(large, TVec.SinOfLarge(x), sin) : sin;
    }

    /// <summary>cos x; within two units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Cos<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec half = TVec.Create(0.5f);
        TVec halfTurns = TVec.Round(TVec.MultiplyAdd(x, TVec.Create(0.318309886f), -half));
        TVec cos = TVec.NegateWhereOdd(-SinBesideHalfTurns(x, halfTurns + half), halfTurns);
        TVec large = IsLarge(x);
        return TVec.Any(large) ? TVec.Select(large, TVec.CosOfLarge(x), cos) : cos;
    }

    // Without a fused multiply-add the reduction has too few digits for any x.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec IsLarge<TVec>(TVec x)
        where TVec : struct, IVec<TVec> =>
        TVec.LessThan(TVec.Create(IsFused ? 1e5f : -1), TVec.Abs(x));

    // sin(x - n pi) for |x - n pi| <= pi / 2. Pi in three parts (W. Cody, W. Waite): the first product and difference are exact.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static TVec SinBesideHalfTurns<TVec>(TVec x, TVec n)
        where TVec : struct, IVec<TVec>
    {
        TVec r = TVec.MultiplyAdd(n, TVec.Create(-3.1415927f), x);
        r = TVec.MultiplyAdd(n, TVec.Create(8.742278e-8f), r);
        r = TVec.MultiplyAdd(n, TVec.Create(3.430249e-15f), r);
        // Minimax polynomial: relative error 2e-8.
        TVec square = r * r;
        TVec p = TVec.MultiplyAdd(TVec.Create(2.6001708e-6f), square, TVec.Create(-1.9807159e-4f));
        p = TVec.MultiplyAdd(p, square, TVec.Create(8.333035e-3f));
        p = TVec.MultiplyAdd(p, square, TVec.Create(-0.16666658f));
        return TVec.MultiplyAdd(p * square, r, r);
    }

    /// <summary>log(1 + e^x); equals x for large x and e^x for very negative x.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec Softplus<TVec>(TVec x)
        where TVec : struct, IVec<TVec> =>
        TVec.MaxNative(TVec.Zero, x) + LogOnePlus(Exp(-TVec.Abs(x)));

    /// <summary><see cref="ActivationKind.Gelu"/>; the error is 2e-7 |x|, so that the far negative tail has no relative accuracy.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec GeluErf<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec half = TVec.Create(0.5f) * x;
        return TVec.MultiplyAdd(half, Erf(x * TVec.Create(0.70710678f)), half);
    }

    /// <summary><see cref="ActivationKind.GeluTanh"/>, written as x sigmoid(2u), which keeps the negative tail.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static TVec GeluTanh<TVec>(TVec x)
        where TVec : struct, IVec<TVec>
    {
        TVec cubic = TVec.MultiplyAdd(TVec.Create(0.044715f) * x * x, x, x);
        return x * Sigmoid(TVec.Create(1.59576912f) * cubic);
    }
}
