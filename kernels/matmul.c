// Batches of matrix products Y = activation(op(A) op(B) + bias), op(A) being [M, K] and op(B) [K, N].
#include "lib/activation.h"
#include "lib/divide.h"
#include "lib/matmul.h"
#include "lib/tile.h"

// Where a thread fetches its fours of an operand: along k if it is stored with k contiguous (deep), else along the other axis.
typedef struct {
    GLOBAL const float *from;
    INT64 step;
    int deep;
    int left;
    int fours;
} MATMUL_OPERAND;

DEVICE MATMUL_OPERAND matmul_operand(GLOBAL const float *p, int ld, int deep, int line, int lines, int fours)
{
    MATMUL_OPERAND operand;
    operand.from = p + (deep ? (INT64)line * ld : line);
    operand.step = deep ? 1 : ld;
    operand.deep = deep;
    operand.left = lines - line;
    operand.fours = fours;
    return operand;
}

DEVICE FLOAT4 matmul_four(const MATMUL_OPERAND *operand, int k, int end)
{
    int left = operand->deep ? (operand->left > 0 ? end - k : 0) : (k < end ? operand->left : 0);
    return tile_get(operand->from + k * operand->step, 1, left, operand->fours);
}

// The line that a thread fetches is always the same: its place is worked out once.
#define MATMUL_A(line, at) matmul_four(&from_a, at, end_k)
#define MATMUL_B(line, at) matmul_four(&from_b, at, end_k)

// One group per tile of Y, per slice of k and per matrix: tiles of 4 side parts by as many.
// An activation dearer than a comparison runs in a loop of its own over what was written: unrolled over the sums its code would be huge.
#define MATMUL_TILED(name, side, parts) \
    KERNEL((side) * (side)) name(MATMUL_SIZES s, MATMUL_PLAN plan, IN(float, a), IN(float, b), IN(float, bias), OUT(float, y)) \
    { \
        TILE_DECLARE(side, parts) \
        DATA_IN(float, a); \
        DATA_IN(float, b); \
        DATA_IN(float, bias); \
        DATA_OUT(float, y); \
        TILE_PLACE place = tile_place(s.m, s.n, plan.slices, TILE_SIZE(side, parts)); \
        int first_k = place.slice * plan.depth; \
        int end_k = s.k - first_k < plan.depth ? s.k : first_k + plan.depth; \
        MATMUL_OPERAND from_a = matmul_operand( \
            a + place.matrix * s.stride_a, s.ld_a, !s.transpose_a, \
            place.row + TILE_FETCH_LINE(side, parts, !s.transpose_a), s.m, plan.fours_a); \
        MATMUL_OPERAND from_b = matmul_operand( \
            b + place.matrix * s.stride_b, s.ld_b, s.transpose_b, \
            place.column + TILE_FETCH_LINE(side, parts, s.transpose_b), s.n, plan.fours_b); \
        y += place.matrix * s.stride_y + place.slice * plan.stride_slice; \
        TILE_PRODUCT(side, parts, first_k, end_k, MATMUL_A, !s.transpose_a, MATMUL_B, s.transpose_b) \
        UNROLL \
        for (int part = 0; part < (parts); part++) { \
            int column = place.column + TILE_COLUMN(side, part); \
            FLOAT4 offset = tile_four(0, 0, 0, 0); \
            if (HAS(bias)) { \
                offset = tile_get(bias + place.matrix * s.stride_bias + column, 1, s.n - column, 0); \
            } \
            UNROLL \
            for (int i = 0; i < 4 * (parts); i++) { \
                int row = place.row + TILE_ROW(side, i / 4) + i % 4; \
                FLOAT4 value = TILE_SUMS(i, part); \
                value.x += offset.x; \
                value.y += offset.y; \
                value.z += offset.z; \
                value.w += offset.w; \
                tile_set(y + (INT64)row * s.ld_y + column, row < s.m ? s.n - column : 0, plan.fours_y, value); \
            } \
        } \
        if (s.activation != 0) { \
            for (int i = 0; i < 16 * (parts) * (parts); i++) { \
                int row = place.row + TILE_ROW(side, i / 16 / (parts)) + i / 4 % 4; \
                int column = place.column + TILE_COLUMN(side, i / 16 % (parts)) + i % 4; \
                if (row < s.m && column < s.n) { \
                    INT64 at = (INT64)row * s.ld_y + column; \
                    y[at] = hk_activate(s.activation, y[at], s.parameter); \
                } \
            } \
        } \
    }

MATMUL_TILED(matmul_32, 8, 1)
MATMUL_TILED(matmul_64, 16, 1)
MATMUL_TILED(matmul_128, 16, 2)

// Products of at most 8 by 8, of which a tile would be mostly empty: a thread per element of all Y, fewer than 2^31.   Any launch size.
KERNEL(256) matmul_small(
    MATMUL_SIZES s, DIVISOR by_m, DIVISOR by_n, int count, IN(float, a), IN(float, b), IN(float, bias), OUT(float, y))
{
    DATA_IN(float, a);
    DATA_IN(float, b);
    DATA_IN(float, bias);
    DATA_OUT(float, y);
    INT64 step_a = s.transpose_a ? s.ld_a : 1;
    INT64 step_b = s.transpose_b ? 1 : s.ld_b;
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        int line = divide((int)i, by_n);
        int column = (int)i - line * s.n;
        int matrix = divide(line, by_m);
        int row = line - matrix * s.m;
        GLOBAL const float *left = a + matrix * s.stride_a + (INT64)row * (s.transpose_a ? 1 : s.ld_a);
        GLOBAL const float *right = b + matrix * s.stride_b + (INT64)column * (s.transpose_b ? s.ld_b : 1);
        float sum = 0;
        for (int k = 0; k < s.k; k++) {
            sum = FMA(left[k * step_a], right[k * step_b], sum);
        }
        if (HAS(bias)) {
            sum += bias[matrix * s.stride_bias + column];
        }
        y[matrix * s.stride_y + (INT64)row * s.ld_y + column] = hk_activate(s.activation, sum, s.parameter);
    }
}

// Y = activation(the sum of the slices' products, in order, + bias). slices [slices, batch, M, N].   Any launch size.
KERNEL(256) matmul_add_slices(MATMUL_SIZES s, int slices, IN(float, parts), IN(float, bias), OUT(float, y))
{
    DATA_IN(float, parts);
    DATA_IN(float, bias);
    DATA_OUT(float, y);
    INT64 count = (INT64)s.batch * s.m * s.n;
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 line = i / s.n;
        INT64 matrix = line / s.m;
        int column = (int)(i - line * s.n);
        float sum = parts[i];
        for (int slice = 1; slice < slices; slice++) {
            sum += parts[slice * count + i];
        }
        if (HAS(bias)) {
            sum += bias[matrix * s.stride_bias + column];
        }
        y[matrix * s.stride_y + (line - matrix * s.m) * s.ld_y + column] = hk_activate(s.activation, sum, s.parameter);
    }
}

// A product one of whose sides has only a few rows or columns is bound by reading the other, w, once: y[r, o] = sum of w[o, k] v[r, k].
// Rows of v and y and their elements may lie apart by any step, so that the same kernels serve a matrix times a column.
typedef struct {
    int rows;
    int outputs;
    int k;
    int ld_w;
    INT64 stride_w;
    INT64 stride_v;
    INT64 stride_y;
    INT64 stride_bias;
    INT64 row_v;
    INT64 step_v;
    INT64 row_y;
    INT64 step_y;
    int row_bias;
    int step_bias;
    int fours_w;
    int fours_v;
    int activation;
    float parameter;
} THIN_SIZES;

DEVICE void thin_set(const THIN_SIZES *s, int matrix, int row, int output, float sum, int biased, GLOBAL const float *bias, GLOBAL float *y)
{
    if (row < s->rows && output < s->outputs) {
        if (biased) {
            sum += bias[matrix * s->stride_bias + (INT64)row * s->row_bias + (INT64)output * s->step_bias];
        }
        y[matrix * s->stride_y + row * s->row_y + output * s->step_y] = hk_activate(s->activation, sum, s->parameter);
    }
}

// w stored [outputs, K]. A group takes 8 outputs, 32 threads each, that read four elements along k at a time; count: the most rows.
#define MATMUL_THIN_DEEP(name, count) \
    KERNEL(256) name(THIN_SIZES s, IN(float, w), IN(float, v), IN(float, bias), OUT(float, y)) \
    { \
        LOCAL float partial[count][8][33]; \
        DATA_IN(float, w); \
        DATA_IN(float, v); \
        DATA_IN(float, bias); \
        DATA_OUT(float, y); \
        int groups = (s.outputs + 7) / 8; \
        int matrix = GROUP_ID / groups; \
        int first = GROUP_ID % groups * 8; \
        int line = LOCAL_ID / 32; \
        int lane = LOCAL_ID % 32; \
        float sums[count]; \
        UNROLL \
        for (int row = 0; row < (count); row++) { \
            sums[row] = 0; \
        } \
        w += matrix * s.stride_w + (INT64)(first + line) * s.ld_w; \
        v += matrix * s.stride_v; \
        if (first + line < s.outputs) { \
            for (int k = 4 * lane; k < s.k; k += 128) { \
                FLOAT4 weight = tile_get(w + k, 1, s.k - k, s.fours_w); \
                UNROLL \
                for (int row = 0; row < (count); row++) { \
                    FLOAT4 x = tile_get(v + row * s.row_v + k * s.step_v, s.step_v, row < s.rows ? s.k - k : 0, s.fours_v); \
                    sums[row] = FMA(weight.x, x.x, sums[row]); \
                    sums[row] = FMA(weight.y, x.y, sums[row]); \
                    sums[row] = FMA(weight.z, x.z, sums[row]); \
                    sums[row] = FMA(weight.w, x.w, sums[row]); \
                } \
            } \
        } \
        UNROLL \
        for (int row = 0; row < (count); row++) { \
            partial[row][line][lane] = sums[row]; \
        } \
        BARRIER(); \
        if (LOCAL_ID < 8 * (count)) { \
            int row = LOCAL_ID / 8; \
            int output = LOCAL_ID % 8; \
            float sum = partial[row][output][0]; \
            for (int i = 1; i < 32; i++) { \
                sum += partial[row][output][i]; \
            } \
            thin_set(&s, matrix, row, first + output, sum, HAS(bias), bias, y); \
        } \
    }

MATMUL_THIN_DEEP(matmul_thin_deep_1, 1)
MATMUL_THIN_DEEP(matmul_thin_deep_4, 4)

// w stored [K, outputs]. A group takes 32 outputs: 8 threads read four neighbours each, 32 such lines go through k in turn.
#define MATMUL_THIN_WIDE(name, count) \
    KERNEL(256) name(THIN_SIZES s, IN(float, w), IN(float, v), IN(float, bias), OUT(float, y)) \
    { \
        LOCAL float partial[count][32][32]; \
        DATA_IN(float, w); \
        DATA_IN(float, v); \
        DATA_IN(float, bias); \
        DATA_OUT(float, y); \
        int groups = (s.outputs + 31) / 32; \
        int matrix = GROUP_ID / groups; \
        int first = GROUP_ID % groups * 32; \
        int line = LOCAL_ID / 8; \
        int lane = LOCAL_ID % 8 * 4; \
        FLOAT4 sums[count]; \
        UNROLL \
        for (int row = 0; row < (count); row++) { \
            sums[row] = tile_four(0, 0, 0, 0); \
        } \
        w += matrix * s.stride_w + first + lane; \
        v += matrix * s.stride_v; \
        for (int k = line; k < s.k; k += 32) { \
            FLOAT4 weight = tile_get(w + (INT64)k * s.ld_w, 1, s.outputs - first - lane, s.fours_w); \
            UNROLL \
            for (int row = 0; row < (count); row++) { \
                float x = row < s.rows ? v[row * s.row_v + k * s.step_v] : 0.0f; \
                sums[row].x = FMA(weight.x, x, sums[row].x); \
                sums[row].y = FMA(weight.y, x, sums[row].y); \
                sums[row].z = FMA(weight.z, x, sums[row].z); \
                sums[row].w = FMA(weight.w, x, sums[row].w); \
            } \
        } \
        UNROLL \
        for (int row = 0; row < (count); row++) { \
            partial[row][line][lane] = sums[row].x; \
            partial[row][line][lane + 1] = sums[row].y; \
            partial[row][line][lane + 2] = sums[row].z; \
            partial[row][line][lane + 3] = sums[row].w; \
        } \
        BARRIER(); \
        if (LOCAL_ID < 32 * (count)) { \
            int row = LOCAL_ID / 32; \
            int output = LOCAL_ID % 32; \
            float sum = partial[row][0][output]; \
            for (int i = 1; i < 32; i++) { \
                sum += partial[row][i][output]; \
            } \
            thin_set(&s, matrix, row, first + output, sum, HAS(bias), bias, y); \
        } \
    }

MATMUL_THIN_WIDE(matmul_thin_wide_1, 1)
MATMUL_THIN_WIDE(matmul_thin_wide_4, 4)
