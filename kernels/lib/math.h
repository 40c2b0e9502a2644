// Transcendental functions from exactly rounded operations only, so that they need no vendor's library and give the same bits everywhere.
// Ported from Backends/Cpu/VecMath.cs; logarithm, sine, cosine and power, which the processor takes from its platform, stand here in full.
// NaN in gives NaN out.
#ifndef LIB_MATH
#define LIB_MATH

#define HK_INFINITY AS_FLOAT(0x7F800000)

// The larger and the smaller; NaN if one is.
DEVICE float hk_max(float a, float b) { return a > b || a != a ? a : b; }
DEVICE float hk_min(float a, float b) { return a < b || a != a ? a : b; }

// i / by for i from 0; a 64-bit division costs several times a 32-bit one.
DEVICE INT64 hk_quotient(INT64 i, int by) { return (i >> 32) == 0 ? (INT64)((UINT)i / (UINT)by) : i / by; }

// e^(x + rest) for a rest far smaller than x.   Relative error below 2e-7, infinity above 88.73, zero below -104.
DEVICE float hk_exp_sum(float x, float rest)
{
    // x = n ln 2 + r with |r| <= ln 2 / 2; ln 2 in two parts keeps r exact. Coefficients: Cephes expf (S. L. Moshier).
    float clamped = x < -104.5f ? -104.5f : x > 89.0f ? 89.0f : x;
    // Adding 1.5 2^23 rounds to a whole number and leaves it in the low bits, also where a conversion of NaN would be undefined.
    float shifted = FMA(clamped, 1.44269504f, 12582912.0f);
    float n = shifted - 12582912.0f;
    float r = FMA(n, -0.693359375f, clamped);
    r = FMA(n, 2.12194440e-4f, r) + rest;
    float p = FMA(1.9875691500e-4f, r, 1.3981999507e-3f);
    p = FMA(p, r, 8.3334519073e-3f);
    p = FMA(p, r, 4.1665795894e-2f);
    p = FMA(p, r, 1.6666665459e-1f);
    p = FMA(p, r, 0.5f);
    p = FMA(p, r * r, r + 1.0f);
    // Two factors, because 2^n alone leaves the range of a float before the product does.
    int whole = AS_INT(shifted) - 0x4B400000;
    int low = whole >> 1;
    float first = AS_FLOAT((int)((UINT)(low + 127) << 23));
    float second = AS_FLOAT((int)((UINT)(whole - low + 127) << 23));
    return p * first * second;
}

// e^x; the rest of minus zero changes no bit.
DEVICE float hk_exp(float x) { return hk_exp_sum(x, -0.0f); }

// e^x - 1 without cancellation near zero.
DEVICE float hk_expm1(float x)
{
    float n = RINT(x * 1.44269504f);
    float r = FMA(n, -0.693359375f, x);
    r = FMA(n, 2.12194440e-4f, r);
    float p = FMA(1.9875691500e-4f, r, 1.3981999507e-3f);
    p = FMA(p, r, 8.3334519073e-3f);
    p = FMA(p, r, 4.1665795894e-2f);
    p = FMA(p, r, 1.6666665459e-1f);
    p = FMA(p, r, 0.5f);
    p = FMA(p, r * r, r);
    // 2^n (e^r - 1) + (2^n - 1), both exact in 2^n, which is 1/2, 1 or 2 here.
    float scale = n < 0.0f ? 0.5f : n > 0.0f ? 2.0f : 1.0f;
    return ABS(x) < 1.0f ? FMA(scale, p, scale - 1.0f) : hk_exp(x) - 1.0f;
}

// log u of a normal positive u: Philox.Log bit for bit.   Coefficients: Cephes logf (S. L. Moshier).
DEVICE float hk_log_normal(float u)
{
    int bits = AS_INT(u);
    // Mantissa in [sqrt(1/2), sqrt(2)), where the polynomial holds.
    int exponent = (bits - 0x3F3504F3) >> 23;
    float x = AS_FLOAT((int)((UINT)bits - ((UINT)exponent << 23))) - 1.0f;
    float square = x * x;
    float p = FMA(7.0376836292e-2f, x, -1.1514610310e-1f);
    p = FMA(p, x, 1.1676998740e-1f);
    p = FMA(p, x, -1.2420140846e-1f);
    p = FMA(p, x, 1.4249322787e-1f);
    p = FMA(p, x, -1.6668057665e-1f);
    p = FMA(p, x, 2.0000714765e-1f);
    p = FMA(p, x, -2.4999993993e-1f);
    p = FMA(p, x, 3.3333331174e-1f);
    float y = FMA(p * x, square, (float)exponent * -2.12194440e-4f);
    y = FMA(-0.5f, square, y);
    return FMA((float)exponent, 0.693359375f, x + y);
}

// log x; minus infinity at 0, NaN below.
DEVICE float hk_log(float x)
{
    // Below the normal numbers: lifted by 2^24, and 24 ln 2 taken away again.
    float lifted = x < 1.17549435e-38f ? x * 16777216.0f : x;
    float log = hk_log_normal(lifted) - (x < 1.17549435e-38f ? 16.6355323f : 0.0f);
    log = x < HK_INFINITY ? log : x;
    log = x == 0.0f ? -HK_INFINITY : log;
    return x < 0.0f ? AS_FLOAT(0x7FC00000) : log;
}

// log(1 + x) without cancellation near zero.
DEVICE float hk_log1p(float x)
{
    // log(u) x / (u - 1) cancels the rounding of u (W. Kahan; N. Higham, Accuracy and Stability, section 1.14.1).
    float u = 1.0f + x;
    float difference = u - 1.0f;
    float log = hk_log(u);
    float near = difference == 0.0f ? x : log * x / difference;
    return ABS(x) < 1.0f ? near : log;
}

DEVICE float hk_sigmoid(float x) { return 1.0f / (1.0f + hk_exp(-x)); }

// tanh x; relative error below 3e-7.
DEVICE float hk_tanh(float x)
{
    // Polynomial: Cephes tanhf (S. L. Moshier); beyond 0.625 the quotient loses no digits by cancellation.
    float square = x * x;
    float p = FMA(-5.70498872745e-3f, square, 2.06390887954e-2f);
    p = FMA(p, square, -5.37397155531e-2f);
    p = FMA(p, square, 1.33314422036e-1f);
    p = FMA(p, square, -3.33332819422e-1f);
    float near = FMA(p * square, x, x);
    float magnitude = ABS(x);
    float far = 1.0f - 2.0f / (hk_exp(magnitude + magnitude) + 1.0f);
    far = x < 0.0f ? -far : far;
    return magnitude < 0.625f ? near : far;
}

// erf x; relative error below 2e-7.
DEVICE float hk_erf(float x)
{
    // An odd polynomial near zero, 1 - e^polynomial beyond. Coefficients: N. Juffa, erff accurate to one ulp (public domain posts).
    float t = ABS(x);
    float square = x * x;
    float far = FMA(-1.72853470e-5f, t, 3.83197126e-4f);
    float middle = FMA(-3.88396438e-3f, t, 2.42546219e-2f);
    far = FMA(far, square, middle);
    far = FMA(far, t, -1.06777877e-1f);
    far = FMA(far, t, -6.34846687e-1f);
    far = FMA(far, t, -1.28717512e-1f);
    far = 1.0f - hk_exp(FMA(far, t, -t));
    far = x < 0.0f ? -far : far;
    float near = FMA(-5.96761703e-4f, square, 4.99119423e-3f);
    near = FMA(near, square, -2.67681349e-2f);
    near = FMA(near, square, 1.12819925e-1f);
    near = FMA(near, square, -3.76125336e-1f);
    near = FMA(near, square, 1.28379166e-1f);
    near = FMA(near, x, x);
    return t < 0.927734375f ? near : far;
}

// log(1 + e^x); equals x for large x and e^x for very negative x.
DEVICE float hk_softplus(float x) { return hk_max(x, 0.0f) + hk_log1p(hk_exp(-ABS(x))); }

// x (1 + erf(x / sqrt 2)) / 2; the error is 2e-7 |x|, so that the far negative tail has no relative accuracy.
DEVICE float hk_gelu(float x)
{
    float halved = 0.5f * x;
    return FMA(halved, hk_erf(x * 0.70710678f), halved);
}

// x sigmoid(2u) with u = sqrt(2 / pi) (x + 0.044715 x^3), which keeps the negative tail.
DEVICE float hk_gelu_tanh(float x)
{
    float cubic = FMA(0.044715f * x * x, x, x);
    return x * hk_sigmoid(1.59576912f * cubic);
}

// Word i of the binary digits of 1 / (2 pi) behind 32 zeros.
DEVICE UINT hk_two_over_pi(int i)
{
    return i == 0 ? 0u : i == 1 ? 0x28BE60DBu : i == 2 ? 0x9391054Au : i == 3 ? 0x7F09D5F4u : i == 4 ? 0x7D4D3770u : i == 5 ? 0x36D8A566u : 0x4F10E410u;
}

// x - n pi / 2 within pi / 4 of zero; the quadrant n modulo 4.
DEVICE float hk_turn(float x, int *quadrant)
{
    float magnitude = ABS(x);
    if (!(magnitude >= 65536.0f)) {
        // pi / 2 in three parts (W. Cody, W. Waite): n is below 2^16, so that fused products leave an error below a rounding of the result.
        float shifted = FMA(x, 0.636619747f, 12582912.0f);
        float n = shifted - 12582912.0f;
        *quadrant = AS_INT(shifted) & 3;
        float r = FMA(n, -1.57079601e+00f, x);
        r = FMA(n, -3.13916473e-07f, r);
        return FMA(n, -5.39030253e-15f, r);
    }
    // x 2 / pi in fixed point from the digits that matter (M. Payne, R. Hanek, 1983): two whole bits, 62 behind the point.
    UINT bits = (UINT)AS_INT(magnitude);
    UINT mantissa = (bits << 8) | 0x80000000u;
    int exponent = (int)(bits >> 23) - 126;
    int word = exponent >> 5, shift = exponent & 31;
    if (exponent > 128) {
        // Infinity and NaN.
        *quadrant = 0;
        return x - x;
    }
    UINT high = hk_two_over_pi(word), middle = hk_two_over_pi(word + 1), low = hk_two_over_pi(word + 2), last = hk_two_over_pi(word + 3);
    if (shift != 0) {
        high = (high << shift) | (middle >> (32 - shift));
        middle = (middle << shift) | (low >> (32 - shift));
        low = (low << shift) | (last >> (32 - shift));
    }
    UINT64 product = ((UINT64)mantissa * low) >> 32;
    product += (UINT64)mantissa * middle;
    product += (UINT64)(mantissa * high) << 32;
    // The nearest whole number of quarter turns; what is left is signed.
    int turns = (int)((product + ((UINT64)1 << 61)) >> 62);
    INT64 fraction = (INT64)(product - ((UINT64)(UINT)turns << 62));
    float r = (float)fraction * 3.40612160e-19f;
    *quadrant = (x < 0.0f ? -turns : turns) & 3;
    return x < 0.0f ? -r : r;
}

// Coefficients: Cephes sinf and cosf (S. L. Moshier), for |angle| <= pi / 4.
DEVICE float hk_sin_near(float angle)
{
    float square = angle * angle;
    float sine = FMA(-1.9515295891e-4f, square, 8.3321608736e-3f);
    sine = FMA(sine, square, -1.6666654611e-1f);
    return FMA(sine * square, angle, angle);
}

DEVICE float hk_cos_near(float angle)
{
    float square = angle * angle;
    float cosine = FMA(2.443315711809948e-5f, square, -1.388731625493765e-3f);
    cosine = FMA(cosine, square, 4.166664568298827e-2f);
    return FMA(cosine * square, square, FMA(-0.5f, square, 1.0f));
}

DEVICE float hk_sin(float x)
{
    int quadrant;
    float angle = hk_turn(x, &quadrant);
    float y = (quadrant & 1) != 0 ? hk_cos_near(angle) : hk_sin_near(angle);
    return (quadrant & 2) != 0 ? -y : y;
}

DEVICE float hk_cos(float x)
{
    int quadrant;
    float angle = hk_turn(x, &quadrant);
    float y = (quadrant & 1) != 0 ? hk_sin_near(angle) : hk_cos_near(angle);
    return ((quadrant + 1) & 2) != 0 ? -y : y;
}

// a^b with the special cases of IEEE 754; error below two units in the last place.
DEVICE float hk_pow(float a, float b)
{
    float magnitude = ABS(a);
    // log magnitude as a sum of two floats: b may multiply its error by a hundred. log m = 2 atanh q with q = (m - 1) / (m + 1).
    float lifted = magnitude < 1.17549435e-38f ? magnitude * 16777216.0f : magnitude;
    int bits = AS_INT(lifted);
    int exponent = (bits - 0x3F3504F3) >> 23;
    float m = AS_FLOAT((int)((UINT)bits - ((UINT)exponent << 23))) - 1.0f;
    float e = (float)(exponent - (magnitude < 1.17549435e-38f ? 24 : 0));
    float inverse = 1.0f / (m + 2.0f);
    float q = m * inverse;
    float q_rest = inverse * FMA(q, -m, FMA(q, -2.0f, m));
    float s = q * q;
    float s_rest = FMA(q, q, -s) + 2.0f * q * q_rest;
    // Taylor: 2q (1 + s / 3 + s^2 (1 / 5 + s / 7 + ...)), s below 0.0295; of 1 / 3 the next digits too.
    float tail = FMA(9.09090936e-2f, s, 1.11111112e-1f);
    tail = FMA(tail, s, 1.42857149e-1f);
    tail = FMA(tail, s, 2.00000003e-1f);
    float c = s * 3.33333343e-1f;
    float c_rest = FMA(s, 3.33333343e-1f, -c) + FMA(s, -9.93410776e-9f, 3.33333343e-1f * s_rest) + tail * s * s;
    float q2 = q + q;
    float cubic = q2 * c;
    float cubic_rest = FMA(q2, c, -cubic) + FMA(q2, c_rest, (q_rest + q_rest) * c);
    float near = q2 + cubic;
    float near_rest = cubic - (near - q2) + (cubic_rest + (q_rest + q_rest));
    float far = e * 0.693359375f;
    float sum = far + near;
    float rest = near - (sum - far) + (near_rest + e * -2.12194440e-4f);
    float log = sum + rest;
    float log_rest = rest - (log - sum);
    log = magnitude == 0.0f ? -HK_INFINITY : magnitude < HK_INFINITY ? log : magnitude;

    float x = b * log;
    float x_rest = ABS(x) < 200.0f ? FMA(b, log_rest, FMA(b, log, -x)) : -0.0f;
    float y = hk_exp_sum(x, x_rest);
    // From 2^24 on all floats are even.
    int whole = RINT(b) == b;
    int odd = whole != 0 && ABS(b) < 16777216.0f && RINT(0.5f * b) != 0.5f * b;
    y = AS_INT(a) < 0 && odd != 0 ? -y : y;
    y = a < 0.0f && magnitude < HK_INFINITY && whole == 0 ? AS_FLOAT(0x7FC00000) : y;
    y = a != a || b != b ? a + b : y;
    return b == 0.0f || a == 1.0f || (a == -1.0f && ABS(b) == HK_INFINITY) ? 1.0f : y;
}

#endif
