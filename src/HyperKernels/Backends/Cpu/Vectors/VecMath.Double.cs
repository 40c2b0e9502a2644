using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace HyperKernels.Backends.Cpu;

// Powers of floats. Logarithm and exponential are taken in double, with relative errors below 1e-11, so that a power is rounded but once: in float they
// would lose as many bits as the exponent of the result has.
internal static partial class VecMath
{
    /// <summary>a^b as IEEE 754 says of pow, also where e^(b log |a|) does not say it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<float> Pow(Vector128<float> a, Vector128<float> b)
    {
        Vector256<double> x = Vector256.Create(Vector128.WidenLower(a), Vector128.WidenUpper(a));
        Vector256<double> y = Vector256.Create(Vector128.WidenLower(b), Vector128.WidenUpper(b));
        Vector256<double> one = Vector256<double>.One;
        Vector256<double> magnitude = Vector256.Abs(x);
        Vector256<double> power = Exp(y * Log(magnitude));
        Vector256<double> whole = Vector256.Equals(Vector256.Floor(y), y);
        Vector256<double> even = Vector256.Equals(Vector256.Floor(y * 0.5), y * 0.5);
        Vector256<double> negative = x & Vector256.Create(-0.0);
        power |= Vector256.AndNot(negative & whole, even);
        Vector256<double> finite = Vector256.LessThan(magnitude, Vector256.Create(double.PositiveInfinity));
        Vector256<double> none = Vector256.AndNot(Vector256.LessThan(x, Vector256<double>.Zero) & finite, whole);
        power = Vector256.ConditionalSelect(none, Vector256.Create(double.NaN), power);
        // 1^y also for y that is NaN or infinite, (-1)^y for infinite y; x^0 also for NaN.
        Vector256<double> infinite = Vector256.Equals(Vector256.Abs(y), Vector256.Create(double.PositiveInfinity));
        Vector256<double> ones = Vector256.Equals(y, Vector256<double>.Zero) | Vector256.Equals(x, one) | (Vector256.Equals(magnitude, one) & infinite);
        power = Vector256.ConditionalSelect(ones, one, power);
        return Vector128.Narrow(power.GetLower(), power.GetUpper());
    }

    /// <summary>log of what a float can be, zero or more; -infinity of zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Log(Vector256<double> x)
    {
        // x = m 2^n with m from sqrt(1/2) to below sqrt(2); log m = 2 artanh r with r = (m - 1) / (m + 1), |r| < 0.172.
        Vector256<long> least = Vector256.Create(0x3FE6A09E667F3BCD);
        Vector256<long> above = x.AsInt64() - least;
        // A double has no instruction for that: the whole number stands in the last bits of 1.5 2^52.
        Vector256<double> shift = Vector256.Create(6755399441055744.0);
        Vector256<double> n = (Vector256.ShiftRightLogical(above + Vector256.Create(1L << 62), 52) + shift.AsInt64()).AsDouble() - (shift + Vector256.Create(1024.0));
        Vector256<double> m = ((above & Vector256.Create((1L << 52) - 1)) + least).AsDouble();
        Vector256<double> r = (m - Vector256<double>.One) / (m + Vector256<double>.One);
        Vector256<double> square = r * r;
        Vector256<double> p = Polynomial(square, 2, 2.0 / 3, 2.0 / 5, 2.0 / 7, 2.0 / 9, 2.0 / 11, 2.0 / 13, 2.0 / 15);
        Vector256<double> log = Vector256.MultiplyAddEstimate(p, r, n * Vector256.Create(0.69314718055994531));
        log = Vector256.ConditionalSelect(Vector256.LessThan(x, Vector256.Create(double.PositiveInfinity)), log, x);
        return Vector256.ConditionalSelect(Vector256.Equals(x, Vector256<double>.Zero), Vector256.Create(double.NegativeInfinity), log);
    }

    /// <summary>e^x, as far as floats reach: beyond 200 either way it is that of 200.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Exp(Vector256<double> x)
    {
        // x = n ln 2 + r with |r| <= ln 2 / 2. The second operand decides where x is NaN.
        Vector256<double> clamped = Vector256.MinNative(Vector256.Create(200.0), Vector256.MaxNative(Vector256.Create(-200.0), x));
        Vector256<double> shift = Vector256.Create(6755399441055744.0);
        Vector256<double> shifted = Vector256.MultiplyAddEstimate(clamped, Vector256.Create(1.4426950408889634), shift);
        Vector256<double> r = Vector256.MultiplyAddEstimate(shifted - shift, Vector256.Create(-0.69314718055994531), clamped);
        Vector256<double> square = r * r;
        Vector256<double> eighth = square * square * square * square;
        Vector256<double> high = Vector256.MultiplyAddEstimate(
            square, Vector256.Create(1.0 / 3628800), Vector256.MultiplyAddEstimate(r, Vector256.Create(1.0 / 362880), Vector256.Create(1.0 / 40320)));
        Vector256<double> p = Vector256.MultiplyAddEstimate(
            eighth, high, Polynomial(r, 1, 1, 1.0 / 2, 1.0 / 6, 1.0 / 24, 1.0 / 120, 1.0 / 720, 1.0 / 5040));
        // The low bits of shifted hold n; times 2^n by way of the exponent's bits.
        return (p.AsInt64() + Vector256.ShiftLeft(shifted.AsInt64(), 52)).AsDouble();
    }

    // c0 + c1 x + ... + c7 x^7. Pairs, then pairs of pairs (G. Estrin, 1960): with one multiply-add after the other the processor would wait for each.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<double> Polynomial(Vector256<double> x, double c0, double c1, double c2, double c3, double c4, double c5, double c6, double c7)
    {
        Vector256<double> square = x * x;
        Vector256<double> p01 = Vector256.MultiplyAddEstimate(x, Vector256.Create(c1), Vector256.Create(c0));
        Vector256<double> p23 = Vector256.MultiplyAddEstimate(x, Vector256.Create(c3), Vector256.Create(c2));
        Vector256<double> p45 = Vector256.MultiplyAddEstimate(x, Vector256.Create(c5), Vector256.Create(c4));
        Vector256<double> p67 = Vector256.MultiplyAddEstimate(x, Vector256.Create(c7), Vector256.Create(c6));
        Vector256<double> low = Vector256.MultiplyAddEstimate(p23, square, p01);
        Vector256<double> high = Vector256.MultiplyAddEstimate(p67, square, p45);
        return Vector256.MultiplyAddEstimate(high, square * square, low);
    }
}
