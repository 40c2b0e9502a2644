// Elementwise ops over merged axes: backends pass the axes of Broadcast, the operands' strides in elements (0 where repeated).
// Every family has a general kernel, which takes the op's number, and a kernel per op for four elements per thread.
#include "lib/activation.h"
#include "lib/broadcast.h"

// The ops: number in the enum, name, value for the operands a, b, c and the op's numbers p, q.
#define UNARY_OPS(OP) \
    OP(0, unary, neg, -a) \
    OP(1, unary, abs, ABS(a)) \
    OP(2, unary, sign, a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : 0.0f) \
    OP(3, unary, exp, hk_exp(a)) \
    OP(4, unary, log, hk_log(a)) \
    OP(5, unary, sqrt, SQRT(a)) \
    OP(6, unary, rsqrt, 1.0f / SQRT(a)) \
    OP(7, unary, square, a * a) \
    OP(8, unary, reciprocal, 1.0f / a) \
    OP(9, unary, sin, hk_sin(a)) \
    OP(10, unary, cos, hk_cos(a)) \
    OP(11, unary, tanh, hk_tanh(a)) \
    OP(12, unary, sigmoid, hk_sigmoid(a)) \
    OP(13, unary, softplus, hk_softplus(a)) \
    OP(14, unary, relu, hk_max(a, 0.0f)) \
    OP(15, unary, leaky_relu, hk_activate(ACTIVATION_LEAKY_RELU, a, p)) \
    OP(16, unary, elu, hk_activate(ACTIVATION_ELU, a, p)) \
    OP(17, unary, gelu, hk_gelu(a)) \
    OP(18, unary, gelu_tanh, hk_gelu_tanh(a)) \
    OP(19, unary, silu, a * hk_sigmoid(a)) \
    OP(20, unary, erf, hk_erf(a)) \
    OP(21, unary, step, a > 0.0f ? 1.0f : 0.0f) \
    OP(22, unary, clamp, hk_min(hk_max(a, p), q)) \
    OP(23, unary, add_scalar, a + p) \
    OP(24, unary, multiply_scalar, a * p) \
    OP(25, unary, power_scalar, hk_pow(a, p)) \
    OP(26, unary, sine, hk_sin(a * p))

#define BINARY_OPS(OP) \
    OP(0, binary, add, a + b) \
    OP(1, binary, subtract, a - b) \
    OP(2, binary, multiply, a * b) \
    OP(3, binary, divide, a / b) \
    OP(4, binary, power, hk_pow(a, b)) \
    OP(5, binary, minimum, hk_min(a, b)) \
    OP(6, binary, maximum, hk_max(a, b)) \
    OP(7, binary, less, a < b ? 1.0f : 0.0f) \
    OP(8, binary, less_or_equal, a <= b ? 1.0f : 0.0f)

#define WHERE_OPS(OP) OP(0, where, where, a == 0.0f ? c : b)

// a is x, b is y = op(x), c the gradient. Neg, Sign, Step and the sums and products with a number need no kernel.
#define UNARY_GRADIENT_OPS(OP) \
    OP(1, unary_grad, abs, c * (a > 0.0f ? 1.0f : a < 0.0f ? -1.0f : 0.0f)) \
    OP(3, unary_grad, exp, b * c) \
    OP(4, unary_grad, log, c / a) \
    OP(5, unary_grad, sqrt, 0.5f * c / b) \
    OP(6, unary_grad, rsqrt, -0.5f * c * (b * b * b)) \
    OP(7, unary_grad, square, 2.0f * a * c) \
    OP(8, unary_grad, reciprocal, -c * (b * b)) \
    OP(9, unary_grad, sin, c * hk_cos(a)) \
    OP(10, unary_grad, cos, -c * hk_sin(a)) \
    OP(11, unary_grad, tanh, c * (1.0f - b * b)) \
    OP(12, unary_grad, sigmoid, c * (b * (1.0f - b))) \
    OP(13, unary_grad, softplus, c * hk_sigmoid(a)) \
    OP(14, unary_grad, relu, b > 0.0f ? c : 0.0f) \
    OP(15, unary_grad, leaky_relu, a > 0.0f ? c : c * p) \
    OP(16, unary_grad, elu, a > 0.0f ? c : c * p * hk_exp(a)) \
    OP(17, unary_grad, gelu, c * gelu_slope(a)) \
    OP(18, unary_grad, gelu_tanh, c * gelu_tanh_slope(a)) \
    OP(19, unary_grad, silu, c * silu_slope(a)) \
    OP(20, unary_grad, erf, c * (1.12837917f * hk_exp(-(a * a)))) \
    OP(22, unary_grad, clamp, a < p || a > q ? 0.0f : c) \
    OP(25, unary_grad, power_scalar, c * p * hk_pow(a, p - 1.0f)) \
    OP(26, unary_grad, sine, c * p * hk_cos(a * p))

// Phi(x) + x phi(x)
DEVICE float gelu_slope(float x)
{
    float cumulative = FMA(0.5f, hk_erf(x * 0.70710678f), 0.5f);
    float density = 0.39894228f * hk_exp(-0.5f * x * x);
    return FMA(x, density, cumulative);
}

// x s(v) with v = sqrt(8 / pi) (x + 0.044715 x^3): s + x s (1 - s) v'
DEVICE float gelu_tanh_slope(float x)
{
    float square = x * x;
    float s = hk_sigmoid(1.59576912f * FMA(0.044715f * square, x, x));
    return s * FMA(x * FMA(0.21406445f, square, 1.59576912f), 1.0f - s, 1.0f);
}

DEVICE float silu_slope(float x)
{
    float s = hk_sigmoid(x);
    return s * FMA(x, 1.0f - s, 1.0f);
}

#define ELEMENTWISE_ARGUMENTS BROADCAST_SIZES sizes, IN(float, a), IN(float, b), IN(float, c), float p, float q, INT64 count, OUT(float, y)
#define ELEMENTWISE_DATA \
    DATA_IN(float, a); \
    DATA_IN(float, b); \
    DATA_IN(float, c); \
    DATA_OUT(float, y)

#define VALUE(number, family, name, value) \
    DEVICE float family##_##name##_of(float a, float b, float c, float p, float q) \
    { \
        (void)a; (void)b; (void)c; (void)p; (void)q; \
        return value; \
    }

UNARY_OPS(VALUE)
BINARY_OPS(VALUE)
WHERE_OPS(VALUE)
UNARY_GRADIENT_OPS(VALUE)

// y = op(a, b, c; p, q), y dense.   Any launch size, one thread per element; y may be an operand that is dense too.
#define CHOICE(number, family, name, value) case number: result = family##_##name##_of(u, v, w, p, q); break;
#define ANY(family, OPS) \
KERNEL(256) family(int op, ELEMENTWISE_ARGUMENTS) \
{ \
    ELEMENTWISE_DATA; \
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) { \
        INT64 at_a, at_b, at_c; \
        broadcast_at(&sizes, i, &at_a, &at_b, &at_c); \
        float u = a[at_a], v = b[at_b], w = c[at_c], result = 0.0f; \
        switch (op) { OPS(CHOICE) } \
        y[i] = result; \
    } \
}

ANY(unary, UNARY_OPS)
ANY(binary, BINARY_OPS)
ANY(where, WHERE_OPS)
ANY(unary_grad, UNARY_GRADIENT_OPS)

DEVICE FLOAT4 four(GLOBAL const float *place, int repeated)
{
    FLOAT4 value;
    if (repeated) {
        value.x = value.y = value.z = value.w = *place;
    } else {
        value = LOAD4(place);
    }
    return value;
}

// The same for four neighbours per thread: count fours, then tail single elements, which only a single axis may have.
// Axes count fours on the last one, where an operand steps by 4 or, repeated, by 0. Places are multiples of 16 bytes where it steps.
#define FOURS(number, family, name, value) \
KERNEL(256) family##4_##name(ELEMENTWISE_ARGUMENTS, int tail) \
{ \
    ELEMENTWISE_DATA; \
    int last = sizes.rank - 1; \
    int same_a = sizes.stride_a[last] == 0, same_b = sizes.stride_b[last] == 0, same_c = sizes.stride_c[last] == 0; \
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) { \
        INT64 at_a, at_b, at_c; \
        broadcast_at(&sizes, i, &at_a, &at_b, &at_c); \
        FLOAT4 u = four(a + at_a, same_a), v = four(b + at_b, same_b), w = four(c + at_c, same_c), result; \
        result.x = family##_##name##_of(u.x, v.x, w.x, p, q); \
        result.y = family##_##name##_of(u.y, v.y, w.y, p, q); \
        result.z = family##_##name##_of(u.z, v.z, w.z, p, q); \
        result.w = family##_##name##_of(u.w, v.w, w.w, p, q); \
        STORE4(y + 4 * i, result); \
    } \
    if (GLOBAL_ID < tail) { \
        INT64 i = 4 * count + GLOBAL_ID; \
        y[i] = family##_##name##_of(a[same_a ? 0 : i], b[same_b ? 0 : i], c[same_c ? 0 : i], p, q); \
    } \
}

UNARY_OPS(FOURS)
BINARY_OPS(FOURS)
WHERE_OPS(FOURS)
UNARY_GRADIENT_OPS(FOURS)
