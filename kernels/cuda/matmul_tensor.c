// Matrix products on tensor cores: operands rounded to TF32 or bfloat16, sums in float32. Sizes, plan and results as in matmul.c.
//
// A group of 8 warps computes 128 by 128 numbers, a warp 64 by 32 of them. Both operands lie in local memory as lines (rows of A, columns of B)
// of 16 words along k: a TF32 number, or two bfloat16, to the word; in words the two instructions have the same fragments. A line's pitch of
// 20 words leads the 32 words of a fragment to 32 different banks. The next words are fetched while these are multiplied.
#include "lib/activation.h"
#include "lib/matmul.h"
#include "lib/tile.h"

#define TENSOR_SIZE 128
#define TENSOR_WORDS 16
#define TENSOR_PITCH 20
// In FLOAT4, whatever the words are: they are stored sixteen bytes at a time.
#define TENSOR_BUFFER (TENSOR_SIZE * TENSOR_PITCH / 4)
#define TENSOR_BITS(p) ((UINT)AS_INT(p))

// Fragments of a warp: 4 of 16 rows by 4 of 8 columns.
#define TENSOR_ROWS 4
#define TENSOR_COLUMNS 4

// An operand and where its group's lines begin; deep: stored with k contiguous.
typedef struct {
    GLOBAL const float *from;
    int ld;
    int deep;
    int lines;
    int fours;
} TENSOR_OPERAND;

// Of four neighbouring words a thread's part-th: deep, four threads share a line, so that they read a line's 64 bytes together; else 32 threads
// read one place along k of 32 neighbouring lines. Either way a thread stores 16 bytes of one line.
#define TENSOR_LINE(part, deep) ((deep) ? (part) * 64 + LOCAL_ID / 4 : LOCAL_ID % 128)
#define TENSOR_WORD(part, deep) ((deep) ? 4 * (LOCAL_ID % 4) : 4 * (2 * (part) + LOCAL_ID / 128))

// Four elements along k, zeros outside the matrix and from end on.
DEVICE FLOAT4 tensor_get(const TENSOR_OPERAND *operand, int line, int k, int end)
{
    INT64 step = operand->deep ? 1 : operand->ld;
    GLOBAL const float *from = operand->from + (operand->deep ? (INT64)line * operand->ld : (INT64)line) + k * step;
    return tile_get(from, step, line < operand->lines ? end - k : 0, operand->deep && operand->fours);
}

DEVICE FLOAT4 tensor_words(UINT x, UINT y, UINT z, UINT w)
{
    return tile_four(AS_FLOAT((int)x), AS_FLOAT((int)y), AS_FLOAT((int)z), AS_FLOAT((int)w));
}

// How many fours become four words, and how.
#define TENSOR_TF32_READS 1
#define TENSOR_TF32_WORDS(from) tensor_words(TF32((from)[0].x), TF32((from)[0].y), TF32((from)[0].z), TF32((from)[0].w))

#define TENSOR_BFLOAT16_READS 2
#define TENSOR_BFLOAT16_WORDS(from) \
    tensor_words( \
        BFLOAT16_PAIR((from)[0].x, (from)[0].y), BFLOAT16_PAIR((from)[0].z, (from)[0].w), \
        BFLOAT16_PAIR((from)[1].x, (from)[1].y), BFLOAT16_PAIR((from)[1].z, (from)[1].w))

#define TENSOR_FETCH(next, operand, k0, end, reads) \
    UNROLL \
    for (int part = 0; part < 2; part++) { \
        UNROLL \
        for (int four = 0; four < (reads); four++) { \
            next[part][four] = tensor_get( \
                &operand, TENSOR_LINE(part, operand.deep), (k0) + (reads) * TENSOR_WORD(part, operand.deep) + 4 * four, end); \
        } \
    }

#define TENSOR_STORE(tile, operand, next, WORDS) \
    UNROLL \
    for (int part = 0; part < 2; part++) { \
        (tile)[(TENSOR_LINE(part, operand.deep) * TENSOR_PITCH + TENSOR_WORD(part, operand.deep)) / 4] = WORDS(next[part]); \
    }

// One group of 256 threads per tile of Y, per slice of k and per matrix, as matmul_128.
#define MATMUL_TENSOR(name, reads, WORDS, MMA) \
    KERNEL(256) name(MATMUL_SIZES s, MATMUL_PLAN plan, IN(float, a), IN(float, b), IN(float, bias), OUT(float, y)) \
    { \
        LOCAL FLOAT4 tile_a[2 * TENSOR_BUFFER]; \
        LOCAL FLOAT4 tile_b[2 * TENSOR_BUFFER]; \
        MMA_DECLARE(256, TENSOR_ROWS, TENSOR_COLUMNS) \
        DATA_IN(float, a); \
        DATA_IN(float, b); \
        DATA_IN(float, bias); \
        DATA_OUT(float, y); \
        TILE_PLACE place = tile_place(s.m, s.n, plan.slices, TENSOR_SIZE); \
        int first_k = place.slice * plan.depth; \
        int end_k = s.k - first_k < plan.depth ? s.k : first_k + plan.depth; \
        TENSOR_OPERAND from_a, from_b; \
        from_a.from = a + place.matrix * s.stride_a + (s.transpose_a ? (INT64)place.row : (INT64)place.row * s.ld_a); \
        from_a.ld = s.ld_a; \
        from_a.deep = !s.transpose_a; \
        from_a.lines = s.m - place.row; \
        from_a.fours = plan.fours_a; \
        from_b.from = b + place.matrix * s.stride_b + (s.transpose_b ? (INT64)place.column * s.ld_b : (INT64)place.column); \
        from_b.ld = s.ld_b; \
        from_b.deep = s.transpose_b; \
        from_b.lines = s.n - place.column; \
        from_b.fours = plan.fours_b; \
        y += place.matrix * s.stride_y + place.slice * plan.stride_slice; \
        int warp_row = LOCAL_ID / 128 * 64; \
        int warp_column = LOCAL_ID / 32 % 4 * 32; \
        int line = LOCAL_ID % 32 / 4; \
        int lane = LOCAL_ID % 4; \
        float sums[TENSOR_ROWS][TENSOR_COLUMNS][4]; \
        FLOAT4 next_a[2][reads]; \
        FLOAT4 next_b[2][reads]; \
        UNROLL \
        for (int i = 0; i < TENSOR_ROWS; i++) { \
            UNROLL \
            for (int j = 0; j < TENSOR_COLUMNS; j++) { \
                UNROLL \
                for (int r = 0; r < 4; r++) { \
                    sums[i][j][r] = 0; \
                } \
            } \
        } \
        int depth = (reads) * TENSOR_WORDS; \
        int steps = (end_k - first_k + depth - 1) / depth; \
        TENSOR_FETCH(next_a, from_a, first_k, end_k, reads) \
        TENSOR_FETCH(next_b, from_b, first_k, end_k, reads) \
        TENSOR_STORE(tile_a, from_a, next_a, WORDS) \
        TENSOR_STORE(tile_b, from_b, next_b, WORDS) \
        BARRIER(); \
        for (int at = 0; at < steps; at++) { \
            int now = (at & 1) * TENSOR_BUFFER; \
            int then = TENSOR_BUFFER - now; \
            TENSOR_FETCH(next_a, from_a, first_k + (at + 1) * depth, end_k, reads) \
            TENSOR_FETCH(next_b, from_b, first_k + (at + 1) * depth, end_k, reads) \
            UNROLL \
            for (int word = 0; word < TENSOR_WORDS; word += 8) { \
                UINT left[TENSOR_ROWS][4]; \
                UINT right[TENSOR_COLUMNS][2]; \
                UNROLL \
                for (int i = 0; i < TENSOR_ROWS; i++) { \
                    LOCAL_PTR const float *p = (LOCAL_PTR const float *)(tile_a + now) + (warp_row + 16 * i + line) * TENSOR_PITCH + word + lane; \
                    left[i][0] = TENSOR_BITS(p[0]); \
                    left[i][1] = TENSOR_BITS(p[8 * TENSOR_PITCH]); \
                    left[i][2] = TENSOR_BITS(p[4]); \
                    left[i][3] = TENSOR_BITS(p[8 * TENSOR_PITCH + 4]); \
                } \
                UNROLL \
                for (int j = 0; j < TENSOR_COLUMNS; j++) { \
                    LOCAL_PTR const float *p = (LOCAL_PTR const float *)(tile_b + now) + (warp_column + 8 * j + line) * TENSOR_PITCH + word + lane; \
                    right[j][0] = TENSOR_BITS(p[0]); \
                    right[j][1] = TENSOR_BITS(p[4]); \
                } \
                MMA(sums, left, right, TENSOR_ROWS, TENSOR_COLUMNS) \
            } \
            TENSOR_STORE(tile_a + then, from_a, next_a, WORDS) \
            TENSOR_STORE(tile_b + then, from_b, next_b, WORDS) \
            BARRIER(); \
        } \
        UNROLL \
        for (int i = 0; i < TENSOR_ROWS; i++) { \
            UNROLL \
            for (int j = 0; j < TENSOR_COLUMNS; j++) { \
                UNROLL \
                for (int r = 0; r < 4; r++) { \
                    int row = place.row + warp_row + 16 * i + 8 * (r / 2) + line; \
                    int column = place.column + warp_column + 8 * j + 2 * lane + r % 2; \
                    if (row < s.m && column < s.n) { \
                        y[(INT64)row * s.ld_y + column] = sums[i][j][r] + (HAS(bias) ? bias[place.matrix * s.stride_bias + column] : 0.0f); \
                    } \
                } \
            } \
        } \
        if (s.activation != 0) { \
            for (int i = 0; i < 4 * TENSOR_ROWS * TENSOR_COLUMNS; i++) { \
                int row = place.row + warp_row + 16 * (i / (4 * TENSOR_COLUMNS)) + 8 * (i / 2 % 2) + line; \
                int column = place.column + warp_column + 8 * (i / 4 % TENSOR_COLUMNS) + 2 * lane + i % 2; \
                if (row < s.m && column < s.n) { \
                    INT64 at = (INT64)row * s.ld_y + column; \
                    y[at] = hk_activate(s.activation, y[at], s.parameter); \
                } \
            } \
        } \
    }

MATMUL_TENSOR(matmul_tf32, TENSOR_TF32_READS, TENSOR_TF32_WORDS, MMA_TF32)
MATMUL_TENSOR(matmul_bfloat16, TENSOR_BFLOAT16_READS, TENSOR_BFLOAT16_WORDS, MMA_BFLOAT16)
