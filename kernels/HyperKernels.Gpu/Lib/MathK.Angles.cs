using System.Runtime.CompilerServices;
using ILGPU;
using static HyperKernels.Gpu.Intrinsics;

namespace HyperKernels.Gpu;

// Sine and cosine, and powers.
internal static partial class MathK
{
    /// <summary>Word i of the binary digits of 1 / (2 pi) behind 32 zeros.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static uint TwoOverPi(int i)
    {
        return i == 0 ? 0u : i == 1 ? 0x28BE60DBu : i == 2 ? 0x9391054Au : i == 3 ? 0x7F09D5F4u : i == 4 ? 0x7D4D3770u : i == 5 ? 0x36D8A566u : 0x4F10E410u;
    }

    /// <summary>x - n pi / 2 within pi / 4 of zero; the quadrant n modulo 4.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Quadrant Turn(float x)
    {
        float magnitude = Abs(x);
        if (!(magnitude >= 65536.0f))
        {
            // pi / 2 in three parts (W. Cody, W. Waite): n is below 2^16, so that fused products leave an error below a rounding of the result.
            float shifted = Fma(x, 0.636619747f, 12582912.0f);
            float n = shifted - 12582912.0f;
            int quarter = (int)Interop.FloatAsInt(shifted) & 3;
            float near = Fma(n, -1.57079601e+00f, x);
            near = Fma(n, -3.13916473e-07f, near);
            return new Quadrant(Fma(n, -5.39030253e-15f, near), quarter);
        }
        // x 2 / pi in fixed point from the digits that matter (M. Payne, R. Hanek, 1983): two whole bits, 62 behind the point.
        uint bits = (uint)(int)Interop.FloatAsInt(magnitude);
        uint mantissa = (bits << 8) | 0x80000000u;
        int exponent = (int)(bits >> 23) - 126;
        int word = exponent >> 5, shift = exponent & 31;
        if (exponent > 128)
        {
            // Infinity and NaN.
            return new Quadrant(x - x, 0);
        }
        uint high = TwoOverPi(word), middle = TwoOverPi(word + 1), low = TwoOverPi(word + 2), last = TwoOverPi(word + 3);
        if (shift != 0)
        {
            high = (high << shift) | (middle >> (32 - shift));
            middle = (middle << shift) | (low >> (32 - shift));
            low = (low << shift) | (last >> (32 - shift));
        }
        ulong product = ((ulong)mantissa * low) >> 32;
        product += (ulong)mantissa * middle;
        product += (ulong)(mantissa * high) << 32;
        // The nearest whole number of quarter turns; what is left is signed.
        int turns = (int)((product + ((ulong)1 << 61)) >> 62);
        long fraction = (long)(product - ((ulong)(uint)turns << 62));
        float r = (float)fraction * 3.40612160e-19f;
        return new Quadrant(x < 0.0f ? -r : r, (x < 0.0f ? -turns : turns) & 3);
    }

    /// <summary>The sine for |angle| &lt;= pi / 4.   Coefficients: Cephes sinf (S. L. Moshier).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float SinNear(float angle)
    {
        float square = angle * angle;
        float sine = Fma(-1.9515295891e-4f, square, 8.3321608736e-3f);
        sine = Fma(sine, square, -1.6666654611e-1f);
        return Fma(sine * square, angle, angle);
    }

    /// <summary>The cosine for |angle| &lt;= pi / 4.   Coefficients: Cephes cosf (S. L. Moshier).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float CosNear(float angle)
    {
        float square = angle * angle;
        float cosine = Fma(2.443315711809948e-5f, square, -1.388731625493765e-3f);
        cosine = Fma(cosine, square, 4.166664568298827e-2f);
        return Fma(cosine * square, square, Fma(-0.5f, square, 1.0f));
    }

    /// <summary>sin x for every float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Sin(float x)
    {
        Quadrant turned = Turn(x);
        float angle = turned.Angle;
        int quadrant = turned.Number;
        float y = (quadrant & 1) != 0 ? CosNear(angle) : SinNear(angle);
        return (quadrant & 2) != 0 ? -y : y;
    }

    /// <summary>cos x for every float.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Cos(float x)
    {
        Quadrant turned = Turn(x);
        float angle = turned.Angle;
        int quadrant = turned.Number;
        float y = (quadrant & 1) != 0 ? SinNear(angle) : CosNear(angle);
        return ((quadrant + 1) & 2) != 0 ? -y : y;
    }

    /// <summary>a^b with the special cases of IEEE 754; error below two units in the last place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static float Pow(float a, float b)
    {
        float magnitude = Abs(a);
        // log magnitude as a sum of two floats: b may multiply its error by a hundred. log m = 2 atanh q with q = (m - 1) / (m + 1).
        float lifted = magnitude < 1.17549435e-38f ? magnitude * 16777216.0f : magnitude;
        int bits = (int)Interop.FloatAsInt(lifted);
        int exponent = (bits - 0x3F3504F3) >> 23;
        float m = Interop.IntAsFloat(((uint)bits - ((uint)exponent << 23))) - 1.0f;
        float e = (float)(exponent - (magnitude < 1.17549435e-38f ? 24 : 0));
        float inverse = 1.0f / (m + 2.0f);
        float q = m * inverse;
        float q_rest = inverse * Fma(q, -m, Fma(q, -2.0f, m));
        float s = q * q;
        float s_rest = Fma(q, q, -s) + 2.0f * q * q_rest;
        // Taylor: 2q (1 + s / 3 + s^2 (1 / 5 + s / 7 + ...)), s below 0.0295; of 1 / 3 the next digits too.
        float tail = Fma(9.09090936e-2f, s, 1.11111112e-1f);
        tail = Fma(tail, s, 1.42857149e-1f);
        tail = Fma(tail, s, 2.00000003e-1f);
        float c = s * 3.33333343e-1f;
        float c_rest = Fma(s, 3.33333343e-1f, -c) + Fma(s, -9.93410776e-9f, 3.33333343e-1f * s_rest) + tail * s * s;
        float q2 = q + q;
        float cubic = q2 * c;
        float cubic_rest = Fma(q2, c, -cubic) + Fma(q2, c_rest, (q_rest + q_rest) * c);
        float near = q2 + cubic;
        float near_rest = cubic - (near - q2) + (cubic_rest + (q_rest + q_rest));
        float far = e * 0.693359375f;
        float sum = far + near;
        float rest = near - (sum - far) + (near_rest + e * -2.12194440e-4f);
        float log = sum + rest;
        float log_rest = rest - (log - sum);
        log = magnitude == 0.0f ? -Infinity : magnitude < Infinity ? log : magnitude;

        float x = b * log;
        float x_rest = Abs(x) < 200.0f ? Fma(b, log_rest, Fma(b, log, -x)) : -0.0f;
        float y = ExpSum(x, x_rest);
        // From 2^24 on all floats are even.
        bool whole = Rint(b) == b;
        bool odd = whole && Abs(b) < 16777216.0f && Rint(0.5f * b) != 0.5f * b;
        y = (int)Interop.FloatAsInt(a) < 0 && odd ? -y : y;
        y = a < 0.0f && magnitude < Infinity && !whole ? Interop.IntAsFloat(0x7FC00000) : y;
        y = IsNaN(a) | IsNaN(b) ? a + b : y;
        return b == 0.0f || a == 1.0f || (a == -1.0f && Abs(b) == Infinity) ? 1.0f : y;
    }

    /// <summary>What is left of an angle in a quarter turn around zero, and which quarter it was.</summary>
    public readonly struct Quadrant(float angle, int number)
    {
        public readonly float Angle = angle;
        public readonly int Number = number;
    }
}
