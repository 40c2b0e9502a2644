// Sums over the slots of segments: rows gathered through an incidence, and their gradients.
#include "lib/math.h"
#include "lib/segments.h"

DEVICE float zero1(void) { return 0.0f; }
DEVICE float load1(GLOBAL const float *p) { return *p; }
DEVICE void store1(GLOBAL float *p, float v) { *p = v; }
DEVICE float add1(float a, float b) { return a + b; }
DEVICE float scaled1(float w, float v) { return w * v; }
DEVICE float with1(float w, float v, float sum) { return FMA(w, v, sum); }

DEVICE FLOAT4 zero4(void)
{
    FLOAT4 v;
    v.x = v.y = v.z = v.w = 0.0f;
    return v;
}

DEVICE FLOAT4 load4(GLOBAL const float *p) { return LOAD4(p); }
DEVICE void store4(GLOBAL float *p, FLOAT4 v) { STORE4(p, v); }

DEVICE FLOAT4 add4(FLOAT4 a, FLOAT4 b)
{
    a.x += b.x;
    a.y += b.y;
    a.z += b.z;
    a.w += b.w;
    return a;
}

DEVICE FLOAT4 scaled4(float w, FLOAT4 v)
{
    v.x *= w;
    v.y *= w;
    v.z *= w;
    v.w *= w;
    return v;
}

DEVICE FLOAT4 with4(float w, FLOAT4 v, FLOAT4 sum)
{
    sum.x = FMA(w, v.x, sum.x);
    sum.y = FMA(w, v.y, sum.y);
    sum.z = FMA(w, v.z, sum.z);
    sum.w = FMA(w, v.w, sum.w);
    return sum;
}

// Row and factor of a slot.
DEVICE INT64 segment_row(int slot, GLOBAL const int *rows) { return rows != 0 ? rows[slot] : slot; }

DEVICE float segment_factor(
    int slot, INT64 row, int head, int heads, GLOBAL const int *positions, GLOBAL const float *weights, GLOBAL const float *in_scale)
{
    float factor = 1.0f;
    if (weights != 0) {
        factor = weights[(INT64)(positions != 0 ? positions[slot] : slot) * heads + head];
    }
    return in_scale != 0 ? factor * in_scale[row] : factor;
}

// y[s] = out_scale[s] * sum over the slots i of s of weights[position(i), head] * in_scale[row(i)] * x[row(i)].   x rows stride apart,
// y dense rows of units times n features, a head to each head_units units. Long segments take two more launches: their pieces into rows of
// their own, and those rows, now x, joined.
// One group per 256 threads of the layout. n = 4: all rows at multiples of 16 bytes.
#define SEGMENT_SUM(name, n, type) \
    KERNEL(256) name( \
        SEGMENT_SIZES sizes, int heads, int head_units, IN(int, offsets), IN(int, pieces), IN(int, rows), IN(int, positions), IN(float, x), \
        INT64 stride, IN(float, weights), IN(float, in_scale), IN(float, out_scale), OUT(float, y)) \
    { \
        LOCAL type room[256]; \
        DATA_IN(int, offsets); \
        DATA_IN(int, pieces); \
        DATA_IN(int, rows); \
        DATA_IN(int, positions); \
        DATA_IN(float, x); \
        DATA_IN(float, weights); \
        DATA_IN(float, in_scale); \
        DATA_IN(float, out_scale); \
        DATA_OUT(float, y); \
        SEGMENT_PLACE place = segment_place(&sizes, offsets, pieces); \
        int head = place.unit / head_units; \
        int lanes = sizes.lanes; \
        GLOBAL const float *from = x + n * place.unit; \
        type sum = zero##n(); \
        int slot = place.begin + place.lane; \
        /* Four rows on their way at once. */ \
        for (; slot < place.end - 3 * lanes; slot += 4 * lanes) { \
            INT64 row_a = segment_row(slot, rows), row_b = segment_row(slot + lanes, rows); \
            INT64 row_c = segment_row(slot + 2 * lanes, rows), row_d = segment_row(slot + 3 * lanes, rows); \
            type a = load##n(from + row_a * stride), b = load##n(from + row_b * stride); \
            type c = load##n(from + row_c * stride), d = load##n(from + row_d * stride); \
            sum = with##n(segment_factor(slot, row_a, head, heads, positions, weights, in_scale), a, sum); \
            sum = with##n(segment_factor(slot + lanes, row_b, head, heads, positions, weights, in_scale), b, sum); \
            sum = with##n(segment_factor(slot + 2 * lanes, row_c, head, heads, positions, weights, in_scale), c, sum); \
            sum = with##n(segment_factor(slot + 3 * lanes, row_d, head, heads, positions, weights, in_scale), d, sum); \
        } \
        for (; slot < place.end; slot += lanes) { \
            INT64 row = segment_row(slot, rows); \
            sum = with##n(segment_factor(slot, row, head, heads, positions, weights, in_scale), load##n(from + row * stride), sum); \
        } \
        room[LOCAL_ID] = sum; \
        for (int span = lanes >> 1; span > 0; span >>= 1) { \
            BARRIER(); \
            if (SEGMENT_JOINS(span)) { \
                room[LOCAL_ID] = add##n(room[LOCAL_ID], room[LOCAL_ID + span * sizes.units]); \
            } \
        } \
        if (place.present && place.lane == 0) { \
            float scale = HAS(out_scale) ? out_scale[place.segment] : 1.0f; \
            store##n(y + n * ((INT64)place.segment * sizes.units + place.unit), scaled##n(scale, room[LOCAL_ID])); \
        } \
    }

SEGMENT_SUM(segment_sum, 1, float)
SEGMENT_SUM(segment_sum4, 4, FLOAT4)

// y[i, h] = scale_a[a] * scale_b[b] * sum over the features k of head h of x[a, k] * z[b, k], a = rows_a[i], b = rows_b[i].
// 2^lane_bits threads to a number; one group per 2^(8 - lane_bits) numbers. n = 4: all rows at multiples of 16 bytes, width in fours.
#define SEGMENT_DOT(name, n, type) \
    KERNEL(256) name( \
        int count, int heads, int width, int lane_bits, IN(int, rows_a), IN(int, rows_b), IN(float, x), INT64 x_stride, IN(float, z), \
        INT64 z_stride, IN(float, scale_a), IN(float, scale_b), OUT(float, y)) \
    { \
        LOCAL float room[256]; \
        DATA_IN(int, rows_a); \
        DATA_IN(int, rows_b); \
        DATA_IN(float, x); \
        DATA_IN(float, z); \
        DATA_IN(float, scale_a); \
        DATA_IN(float, scale_b); \
        DATA_OUT(float, y); \
        int lane = LOCAL_ID & ((1 << lane_bits) - 1); \
        INT64 item = (INT64)GROUP_ID * (256 >> lane_bits) + (LOCAL_ID >> lane_bits); \
        INT64 i = hk_quotient(item, heads); \
        int head = (int)(item - i * heads); \
        float scale = 1.0f; \
        float sum = 0.0f; \
        if (i < count) { \
            INT64 a = HAS(rows_a) ? rows_a[i] : i; \
            INT64 b = HAS(rows_b) ? rows_b[i] : i; \
            scale = HAS(scale_a) ? scale_a[a] : 1.0f; \
            scale = HAS(scale_b) ? scale * scale_b[b] : scale; \
            GLOBAL const float *from_x = x + a * x_stride + (INT64)head * width * n; \
            GLOBAL const float *from_z = z + b * z_stride + (INT64)head * width * n; \
            type products = zero##n(); \
            for (int k = lane; k < width; k += 1 << lane_bits) { \
                products = product##n(load##n(from_x + n * k), load##n(from_z + n * k), products); \
            } \
            sum = total##n(products); \
        } \
        room[LOCAL_ID] = sum; \
        for (int span = (1 << lane_bits) >> 1; span > 0; span >>= 1) { \
            BARRIER(); \
            if (lane < span) { \
                room[LOCAL_ID] += room[LOCAL_ID + span]; \
            } \
        } \
        if (lane == 0 && i < count) { \
            y[item] = scale * room[LOCAL_ID]; \
        } \
    }

DEVICE float product1(float a, float b, float sum) { return FMA(a, b, sum); }
DEVICE float total1(float v) { return v; }

DEVICE FLOAT4 product4(FLOAT4 a, FLOAT4 b, FLOAT4 sum)
{
    sum.x = FMA(a.x, b.x, sum.x);
    sum.y = FMA(a.y, b.y, sum.y);
    sum.z = FMA(a.z, b.z, sum.z);
    sum.w = FMA(a.w, b.w, sum.w);
    return sum;
}

DEVICE float total4(FLOAT4 v) { return (v.x + v.y) + (v.z + v.w); }

SEGMENT_DOT(segment_dot, 1, float)
SEGMENT_DOT(segment_dot4, 4, FLOAT4)
