// Philox4x32-10: bit for bit Backends/Philox.cs, in exactly rounded operations only. One block of four words per thread.
// Source: J. Salmon, M. Moraes, R. Dror, D. Shaw, Parallel random numbers: as easy as 1, 2, 3, SC 2011.
#include "lib/math.h"

typedef struct {
    UINT a, b, c, d;
} WORDS;

// Ten rounds over the counter (block, 0) with the seed as key; constants: the paper's table 2 and section 4.1.
DEVICE WORDS philox(UINT64 seed, UINT64 block)
{
    UINT c0 = (UINT)block, c1 = (UINT)(block >> 32), c2 = 0, c3 = 0;
    UINT k0 = (UINT)seed, k1 = (UINT)(seed >> 32);
    UNROLL
    for (int round = 0; round < 10; round++) {
        UINT high_a = MULHI(0xD2511F53u, c0), low_a = 0xD2511F53u * c0;
        UINT high_b = MULHI(0xCD9E8D57u, c2), low_b = 0xCD9E8D57u * c2;
        c0 = high_b ^ c1 ^ k0;
        c2 = high_a ^ c3 ^ k1;
        c1 = low_b;
        c3 = low_a;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    WORDS words;
    words.a = c0;
    words.b = c1;
    words.c = c2;
    words.d = c3;
    return words;
}

// A multiple of 2^-24 in [0, 1).
DEVICE float uniform(UINT word) { return (float)(word >> 8) * 5.9604644775390625e-8f; }

// Two independent standard normal values from two words (G. Box, M. Muller, 1958).
DEVICE void normal(UINT word1, UINT word2, float *first, float *second)
{
    // In (0, 1]: half a step above zero keeps the logarithm finite. The word is rounded to a float first, as on the processor.
    float u = FMA((float)word1, 2.3283064365386963e-10f, 1.16415321826934814453125e-10f);
    float radius = SQRT(hk_max(-2.0f * hk_log_normal(u), 0.0f));
    // The angle is 2 pi word2 / 2^32: quarter turns are split off in integers, exactly.
    UINT quarter = (word2 + (1u << 29)) >> 30;
    float angle = (float)(int)(word2 - (quarter << 30)) * 1.46291807926715968105133780430979E-9f;
    float sine = hk_sin_near(angle), cosine = hk_cos_near(angle);
    quarter &= 3u;
    float x = (quarter & 1u) != 0u ? sine : cosine;
    float y = (quarter & 1u) != 0u ? cosine : sine;
    *first = radius * (quarter == 1u || quarter == 2u ? -x : x);
    *second = radius * (quarter >= 2u ? -y : y);
}

// Four values to their places or, at the end of the draw, the first of them. Whole fours need y at a multiple of 16 bytes.
DEVICE void write_four(GLOBAL float *y, INT64 i, INT64 count, int fours, FLOAT4 value)
{
    if (fours && count - i >= 4) {
        STORE4(y + i, value);
    } else {
        y[i] = value.x;
        if (count - i > 1) {
            y[i + 1] = value.y;
        }
        if (count - i > 2) {
            y[i + 2] = value.z;
        }
        if (count - i > 3) {
            y[i + 3] = value.w;
        }
    }
}

// y[i] = a + (b - a) u or, if gaussian, a + b n, from word i mod 4 of block position + i / 4.   Any launch size.
KERNEL(256) draw(int gaussian, UINT64 seed, UINT64 position, INT64 count, float a, float b, int fours, OUT(float, y))
{
    DATA_OUT(float, y);
    float scale = gaussian ? b : b - a;
    for (INT64 i = 4 * GLOBAL_ID; i < count; i += 4 * GLOBAL_SIZE) {
        WORDS words = philox(seed, position + (UINT64)(i >> 2));
        float first, second, third, fourth;
        if (gaussian) {
            normal(words.a, words.b, &first, &second);
            normal(words.c, words.d, &third, &fourth);
        } else {
            first = uniform(words.a);
            second = uniform(words.b);
            third = uniform(words.c);
            fourth = uniform(words.d);
        }
        FLOAT4 value;
        value.x = FMA(first, scale, a);
        value.y = FMA(second, scale, a);
        value.z = FMA(third, scale, a);
        value.w = FMA(fourth, scale, a);
        write_four(y, i, count, fours, value);
    }
}

// y[i] = scale x[i] where the word of element i is at least threshold, else 0.   Any launch size; y may be x.
KERNEL(256) dropout(UINT64 seed, UINT64 position, UINT threshold, float scale, INT64 count, int fours, IN(float, x), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_OUT(float, y);
    for (INT64 i = 4 * GLOBAL_ID; i < count; i += 4 * GLOBAL_SIZE) {
        WORDS words = philox(seed, position + (UINT64)(i >> 2));
        FLOAT4 value;
        if (fours && count - i >= 4) {
            value = LOAD4(x + i);
        } else {
            value.x = x[i];
            value.y = count - i > 1 ? x[i + 1] : 0.0f;
            value.z = count - i > 2 ? x[i + 2] : 0.0f;
            value.w = count - i > 3 ? x[i + 3] : 0.0f;
        }
        // Not a product with 0 or 1: what is dropped must not pass on infinity or NaN.
        value.x = words.a >= threshold ? scale * value.x : 0.0f;
        value.y = words.b >= threshold ? scale * value.y : 0.0f;
        value.z = words.c >= threshold ? scale * value.z : 0.0f;
        value.w = words.d >= threshold ? scale * value.w : 0.0f;
        write_four(y, i, count, fours, value);
    }
}
