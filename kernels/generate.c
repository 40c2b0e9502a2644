// Weights generated per context and applied at once, W_b[o, i] = base[o, i] + sum_h z[b, h] generator[o, i, h], and the gradients. The weights
// are never in memory: they are either formed in local memory for a tile (plan "tile"), or not formed at all, the sums being ordered anew
// (plans "thin" and "rows": y = sum over (i, h) of (x_i z_h) generator[o, (i, h)], a product whose left side is formed while tiles are filled).
// The gradient by x is the same computation with inputs and outputs exchanged: both are written over "summed" and "result" positions.
#include "lib/divide.h"
#include "lib/reduce.h"
#include "lib/tile.h"

typedef struct {
    // The product: what it gives, and its depth, cut into slices that write results of their own.
    int result_rows;
    int result_columns;
    int depth;
    int slices;
    int slice_depth;
    // Rows a context, its embedding's size, and positions of x that are summed or, for gradients by the weights, inputs and outputs.
    int rows;
    int embedding;
    int summed;
    int inputs;
    int outputs;
    // Whether the generator's and the embeddings' rows may be read as FLOAT4; the same for x and the result.
    int fours;
    int fours_x;
    int fours_y;
    // From one summed or result position to the next in the generator and in the base.
    INT64 generator_summed;
    INT64 generator_result;
    INT64 base_summed;
    INT64 base_result;
    DIVISOR by_rows;
    DIVISOR by_embedding;
    DIVISOR by_inputs;
} GENERATE_ARGUMENTS;

// x[row, u] z[row's context, h] at k to k + 3, k = (u, h).
DEVICE FLOAT4 generate_left(const GENERATE_ARGUMENTS *p, GLOBAL const float *x, GLOBAL const float *z, int row, int k, int end_k)
{
    float four[4] = { 0, 0, 0, 0 };
    if (row < p->result_rows && k < end_k) {
        int u = divide(k, p->by_embedding);
        int h = k - u * p->embedding;
        x += (INT64)row * p->summed;
        z += (INT64)divide(row, p->by_rows) * p->embedding;
        if (p->fours) {
            FLOAT4 embedding = LOAD4(z + h);
            float value = x[u];
            return tile_four(value * embedding.x, value * embedding.y, value * embedding.z, value * embedding.w);
        }
        UNROLL
        for (int i = 0; i < 4; i++) {
            if (k + i < end_k) {
                four[i] = x[u] * z[h];
            }
            h++;
            if (h == p->embedding) {
                h = 0;
                u++;
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// The generator's part for a result position at k to k + 3, k = (u, h).
DEVICE FLOAT4 generate_right(const GENERATE_ARGUMENTS *p, GLOBAL const float *generator, int column, int k, int end_k)
{
    float four[4] = { 0, 0, 0, 0 };
    if (column < p->result_columns && k < end_k) {
        int u = divide(k, p->by_embedding);
        int h = k - u * p->embedding;
        generator += column * p->generator_result + u * p->generator_summed;
        if (p->fours) {
            return LOAD4(generator + h);
        }
        UNROLL
        for (int i = 0; i < 4; i++) {
            if (k + i < end_k) {
                four[i] = generator[h];
            }
            h++;
            if (h == p->embedding) {
                h = 0;
                generator += p->generator_summed;
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// The gradients by weights k to k + 3 of context b, k = (o, i): sum_t gradient[b, t, o] x[b, t, i].
DEVICE FLOAT4 generate_outer(
    const GENERATE_ARGUMENTS *p, GLOBAL const float *x, GLOBAL const float *gradient, int b, int contexts, int k, int end_k)
{
    float four[4] = { 0, 0, 0, 0 };
    if (b < contexts && k < end_k) {
        int o = divide(k, p->by_inputs);
        int i = k - o * p->inputs;
        x += (INT64)b * p->rows * p->inputs;
        gradient += (INT64)b * p->rows * p->outputs;
        if (p->fours_x) {
            for (int t = 0; t < p->rows; t++) {
                FLOAT4 values = LOAD4(x + (INT64)t * p->inputs + i);
                float value = gradient[(INT64)t * p->outputs + o];
                four[0] = FMA(value, values.x, four[0]);
                four[1] = FMA(value, values.y, four[1]);
                four[2] = FMA(value, values.z, four[2]);
                four[3] = FMA(value, values.w, four[3]);
            }
        } else {
            UNROLL
            for (int j = 0; j < 4; j++) {
                for (int t = 0; t < p->rows && k + j < end_k; t++) {
                    four[j] = FMA(gradient[(INT64)t * p->outputs + o], x[(INT64)t * p->inputs + i], four[j]);
                }
                i++;
                if (i == p->inputs) {
                    i = 0;
                    o++;
                }
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// What the kernels by tiles have in common after their products: the tile goes to result [slices, rows, columns].
#define GENERATE_STORE(side, parts, result) \
    UNROLL \
    for (int i = 0; i < 4 * (parts); i++) { \
        INT64 row = place.row + TILE_ROW(side, i / 4) + i % 4; \
        UNROLL \
        for (int part = 0; part < (parts); part++) { \
            int column = place.column + TILE_COLUMN(side, part); \
            tile_set( \
                result + ((INT64)place.slice * p.result_rows + row) * p.result_columns + column, \
                row < p.result_rows ? p.result_columns - column : 0, p.fours_y, TILE_SUMS(i, part)); \
        } \
    }

#define GENERATE_PLACE(side, parts) \
    TILE_PLACE place = tile_place(p.result_rows, p.result_columns, p.slices, TILE_SIZE(side, parts)); \
    int first_k = place.slice * p.slice_depth; \
    int end_k = p.depth - first_k < p.slice_depth ? p.depth : first_k + p.slice_depth;

#define ROWS_LEFT(line, k) generate_left(&p, x, z, place.row + (line), k, end_k)
#define ROWS_RIGHT(line, k) generate_right(&p, generator, place.column + (line), k, end_k)
#define BASE_LEFT(line, k) \
    tile_get(x + (INT64)(place.row + (line)) * p.summed + (k), 1, place.row + (line) < p.result_rows ? end_base - (k) : 0, 0)
#define BASE_RIGHT(line, k) \
    tile_get( \
        base + (place.column + (line)) * p.base_result + (k) * p.base_summed, p.base_summed, \
        place.column + (line) < p.result_columns ? end_base - (k) : 0, 0)

// Plan "rows": y [B T, result positions], the generator read once per tile of rows. Best with few rows per context.
// One group per tile of y and slice of (summed, h); the first slice adds the base.
#define GENERATE_ROWS(name, side, parts) \
    KERNEL((side) * (side)) name(GENERATE_ARGUMENTS p, IN(float, x), IN(float, z), IN(float, generator), IN(float, base), OUT(float, y)) \
    { \
        TILE_DECLARE(side, parts) \
        DATA_IN(float, x); \
        DATA_IN(float, z); \
        DATA_IN(float, generator); \
        DATA_IN(float, base); \
        DATA_OUT(float, y); \
        GENERATE_PLACE(side, parts) \
        TILE_PRODUCT(side, parts, first_k, end_k, ROWS_LEFT, 1, ROWS_RIGHT, 1) \
        int end_base = HAS(base) && place.slice == 0 ? p.summed : 0; \
        TILE_PRODUCT(side, parts, 0, end_base, BASE_LEFT, 1, BASE_RIGHT, 1) \
        GENERATE_STORE(side, parts, y) \
    }

GENERATE_ROWS(generate_rows_32, 8, 1)
GENERATE_ROWS(generate_rows_64, 16, 1)
GENERATE_ROWS(generate_rows_128, 16, 2)

// Plan "thin", for up to four rows in all, which is bound by reading the generator once: a group per result position.
KERNEL(256) generate_thin(GENERATE_ARGUMENTS p, IN(float, x), IN(float, z), IN(float, generator), IN(float, base), OUT(float, y))
{
    LOCAL float scratch[REDUCE_SCRATCH];
    DATA_IN(float, x);
    DATA_IN(float, z);
    DATA_IN(float, generator);
    DATA_IN(float, base);
    DATA_OUT(float, y);
    float sums[4] = { 0, 0, 0, 0 };
    for (int k = 4 * LOCAL_ID; k < p.depth; k += 1024) {
        FLOAT4 right = generate_right(&p, generator, GROUP_ID, k, p.depth);
        UNROLL
        for (int row = 0; row < 4; row++) {
            FLOAT4 left = generate_left(&p, x, z, row, k, p.depth);
            sums[row] = FMA(left.x, right.x, sums[row]);
            sums[row] = FMA(left.y, right.y, sums[row]);
            sums[row] = FMA(left.z, right.z, sums[row]);
            sums[row] = FMA(left.w, right.w, sums[row]);
        }
    }
    if (HAS(base)) {
        for (int u = LOCAL_ID; u < p.summed; u += 256) {
            float weight = base[GROUP_ID * p.base_result + u * p.base_summed];
            UNROLL
            for (int row = 0; row < 4; row++) {
                if (row < p.result_rows) {
                    sums[row] = FMA(x[(INT64)row * p.summed + u], weight, sums[row]);
                }
            }
        }
    }
    UNROLL
    for (int row = 0; row < 4; row++) {
        float sum = group_sum(scratch, sums[row]);
        if (LOCAL_ID == 0 && row < p.result_rows) {
            y[(INT64)row * p.result_columns + GROUP_ID] = sum;
        }
    }
}

// Plan "tile": a group takes 32 parts rows of each of four contexts and 32 result positions. Eight summed positions at a time it generates the
// four weight tiles, one number of each per thread, so that the generator is read once for four contexts, and applies them from local memory.
#define GENERATE_TILE(name, parts) \
    KERNEL(256) name(GENERATE_ARGUMENTS p, int contexts, IN(float, x), IN(float, z), IN(float, generator), IN(float, base), OUT(float, y)) \
    { \
        LOCAL FLOAT4 weights[4 * 8 * 9]; \
        LOCAL FLOAT4 values[4 * 8 * (8 * (parts) + 1)]; \
        DATA_IN(float, x); \
        DATA_IN(float, z); \
        DATA_IN(float, generator); \
        DATA_IN(float, base); \
        DATA_OUT(float, y); \
        TILE_PLACE place = tile_place((p.rows + (parts) - 1) / (parts), p.result_columns, 1, 32); \
        int first_row = place.row * (parts); \
        int first_context = 4 * place.matrix; \
        int left_contexts = contexts - first_context; \
        int own = LOCAL_ID / 64; \
        int lane = LOCAL_ID % 64; \
        /* This thread's weight, and the first of its values: four along the summed positions. */ \
        int weight_u = LOCAL_ID % 8; \
        int weight_v = LOCAL_ID / 8; \
        int value_u = lane % 2 * 4; \
        int value_t = lane / 2; \
        float sums[4 * (parts)][4]; \
        UNROLL \
        for (int i = 0; i < 4 * (parts); i++) { \
            UNROLL \
            for (int j = 0; j < 4; j++) { \
                sums[i][j] = 0; \
            } \
        } \
        x += (INT64)(first_context + own) * p.rows * p.summed; \
        y += (INT64)(first_context + own) * p.rows * p.result_columns; \
        z += (INT64)first_context * p.embedding; \
        for (int u0 = 0; u0 < p.summed; u0 += 8) { \
            float generated[4] = { 0, 0, 0, 0 }; \
            FLOAT4 fetched[parts]; \
            int v = place.column + weight_v; \
            int u = u0 + weight_u; \
            UNROLL \
            for (int part = 0; part < (parts); part++) { \
                int t = first_row + 32 * part + value_t; \
                int left = own < left_contexts && t < p.rows ? p.summed - u0 - value_u : 0; \
                fetched[part] = tile_get(x + (INT64)t * p.summed + u0 + value_u, 1, left, p.fours_x); \
            } \
            if (v < p.result_columns && u < p.summed) { \
                GLOBAL const float *from = generator + v * p.generator_result + u * p.generator_summed; \
                float start = HAS(base) ? base[v * p.base_result + u * p.base_summed] : 0.0f; \
                UNROLL \
                for (int i = 0; i < 4; i++) { \
                    generated[i] = start; \
                } \
                for (int h = 0; h < p.embedding; h += 4) { \
                    FLOAT4 right = tile_get(from + h, 1, p.embedding - h, p.fours); \
                    UNROLL \
                    for (int i = 0; i < 4; i++) { \
                        FLOAT4 left = tile_get(z + (INT64)i * p.embedding + h, 1, i < left_contexts ? p.embedding - h : 0, p.fours); \
                        generated[i] = FMA(right.x, left.x, generated[i]); \
                        generated[i] = FMA(right.y, left.y, generated[i]); \
                        generated[i] = FMA(right.z, left.z, generated[i]); \
                        generated[i] = FMA(right.w, left.w, generated[i]); \
                    } \
                } \
            } \
            BARRIER(); \
            UNROLL \
            for (int i = 0; i < 4; i++) { \
                ((LOCAL_PTR float *)(weights + (i * 8 + weight_u) * 9))[weight_v] = generated[i]; \
            } \
            UNROLL \
            for (int part = 0; part < (parts); part++) { \
                tile_put(values + own * 8 * (8 * (parts) + 1), 8 * (parts) + 1, 1, 32 * part + value_t, value_u, fetched[part]); \
            } \
            BARRIER(); \
            UNROLL \
            for (int k = 0; k < 8; k++) { \
                FLOAT4 right = weights[(own * 8 + k) * 9 + lane % 8]; \
                UNROLL \
                for (int part = 0; part < (parts); part++) { \
                    FLOAT4 left = values[(own * 8 + k) * (8 * (parts) + 1) + 8 * part + lane / 8]; \
                    float column[4]; \
                    column[0] = left.x; \
                    column[1] = left.y; \
                    column[2] = left.z; \
                    column[3] = left.w; \
                    UNROLL \
                    for (int i = 0; i < 4; i++) { \
                        sums[4 * part + i][0] = FMA(column[i], right.x, sums[4 * part + i][0]); \
                        sums[4 * part + i][1] = FMA(column[i], right.y, sums[4 * part + i][1]); \
                        sums[4 * part + i][2] = FMA(column[i], right.z, sums[4 * part + i][2]); \
                        sums[4 * part + i][3] = FMA(column[i], right.w, sums[4 * part + i][3]); \
                    } \
                } \
            } \
        } \
        int column = place.column + lane % 8 * 4; \
        UNROLL \
        for (int i = 0; i < 4 * (parts); i++) { \
            int row = first_row + i / 4 * 32 + lane / 8 * 4 + i % 4; \
            tile_set( \
                y + (INT64)row * p.result_columns + column, \
                own < left_contexts && row < p.rows ? p.result_columns - column : 0, p.fours_y, \
                tile_four(sums[i][0], sums[i][1], sums[i][2], sums[i][3])); \
        } \
    }

GENERATE_TILE(generate_tile_32, 1)
GENERATE_TILE(generate_tile_64, 2)

// dz [B, H] = the gradients by the weights [B, (o, i)], formed while tiles are filled, x generator [(o, i), H]. Slices over (o, i).
#define EMBEDDING_LEFT(line, k) generate_outer(&p, x, gradient, place.row + (line), p.result_rows, k, end_k)
#define EMBEDDING_RIGHT(line, k) \
    tile_get(generator + (INT64)(k) * p.embedding + place.column + (line), 1, (k) < end_k ? p.embedding - place.column - (line) : 0, p.fours)
#define GENERATE_EMBEDDING(name, side, parts) \
    KERNEL((side) * (side)) name(GENERATE_ARGUMENTS p, IN(float, x), IN(float, gradient), IN(float, generator), OUT(float, dz)) \
    { \
        TILE_DECLARE(side, parts) \
        DATA_IN(float, x); \
        DATA_IN(float, gradient); \
        DATA_IN(float, generator); \
        DATA_OUT(float, dz); \
        GENERATE_PLACE(side, parts) \
        TILE_PRODUCT(side, parts, first_k, end_k, EMBEDDING_LEFT, 1, EMBEDDING_RIGHT, 0) \
        GENERATE_STORE(side, parts, dz) \
    }

GENERATE_EMBEDDING(generate_embedding_32, 8, 1)
GENERATE_EMBEDDING(generate_embedding_64, 16, 1)
GENERATE_EMBEDDING(generate_embedding_128, 16, 2)

// dGenerator [(o, i), H] = the gradients by the weights turned [(o, i), B] x z [B, H].
#define GENERATOR_LEFT(line, k) generate_outer(&p, x, gradient, k, end_k, place.row + (line), p.result_rows)
#define GENERATOR_RIGHT(line, k) \
    tile_get(z + (INT64)(k) * p.embedding + place.column + (line), 1, (k) < end_k ? p.embedding - place.column - (line) : 0, p.fours)
#define GENERATE_GENERATOR(name, side, parts) \
    KERNEL((side) * (side)) name(GENERATE_ARGUMENTS p, IN(float, x), IN(float, gradient), IN(float, z), OUT(float, generator)) \
    { \
        TILE_DECLARE(side, parts) \
        DATA_IN(float, x); \
        DATA_IN(float, gradient); \
        DATA_IN(float, z); \
        DATA_OUT(float, generator); \
        GENERATE_PLACE(side, parts) \
        TILE_PRODUCT(side, parts, first_k, end_k, GENERATOR_LEFT, 0, GENERATOR_RIGHT, 0) \
        GENERATE_STORE(side, parts, generator) \
    }

GENERATE_GENERATOR(generate_generator_32, 8, 1)
GENERATE_GENERATOR(generate_generator_64, 16, 1)
GENERATE_GENERATOR(generate_generator_128, 16, 2)
