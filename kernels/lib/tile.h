// One tile of a matrix product whose operands may come from anywhere: matrices, patches of images, products formed on the way.
//
// A group of SIDE x SIDE threads computes TILE x TILE numbers, TILE = 4 SIDE PARTS: each thread PARTS x PARTS blocks of 4 x 4 that lie
// 4 SIDE apart, so that its reads of local memory are FLOAT4 without bank conflicts. Operands pass through local memory DEPTH = SIDE / PARTS
// at a time, one FLOAT4 per thread and operand, fetched while the tile before is multiplied. Sums run over k in order.
#ifndef LIB_TILE
#define LIB_TILE

#define TILE_SIZE(side, parts) (4 * (side) * (parts))
#define TILE_DEPTH(side, parts) ((side) / (parts))
// In FLOAT4, with one to spare against bank conflicts.
#define TILE_PITCH(side, parts) ((side) * (parts) + 1)

// What a kernel with a tile declares at its top: two buffers for each operand, and the sums.
#define TILE_DECLARE(side, parts) \
    LOCAL FLOAT4 tile_a[2 * TILE_DEPTH(side, parts) * TILE_PITCH(side, parts)]; \
    LOCAL FLOAT4 tile_b[2 * TILE_DEPTH(side, parts) * TILE_PITCH(side, parts)]; \
    float tile_sums[4 * (parts)][4 * (parts)]; \
    UNROLL \
    for (int i = 0; i < 4 * (parts); i++) { \
        UNROLL \
        for (int j = 0; j < 4 * (parts); j++) { \
            tile_sums[i][j] = 0; \
        } \
    }

// Row or column, inside the tile, of the four that begin a thread's part.
#define TILE_ROW(side, part) (4 * ((part) * (side) + LOCAL_ID / (side)))
#define TILE_COLUMN(side, part) (4 * ((part) * (side) + LOCAL_ID % (side)))

// Which four elements of an operand a thread fetches. Deep: four along k of one row (of A) or column (of B); else four rows or columns at one k.
#define TILE_FETCH_LINE(side, parts, deep) \
    ((deep) ? LOCAL_ID / (TILE_DEPTH(side, parts) / 4) : 4 * (LOCAL_ID % ((side) * (parts))))
#define TILE_FETCH_K(side, parts, deep) \
    ((deep) ? 4 * (LOCAL_ID % (TILE_DEPTH(side, parts) / 4)) : LOCAL_ID / ((side) * (parts)))

DEVICE void tile_put(LOCAL_PTR FLOAT4 *tile, int pitch, int deep, int line, int k, FLOAT4 value)
{
    if (deep) {
        LOCAL_PTR float *at = (LOCAL_PTR float *)(tile + k * pitch) + line;
        at[0] = value.x;
        at[4 * pitch] = value.y;
        at[8 * pitch] = value.z;
        at[12 * pitch] = value.w;
    } else {
        tile[k * pitch + line / 4] = value;
    }
}

// Adds the product over first_k <= k < end_k to the sums. GET_A(row, k) and GET_B(column, k), rows and columns counted in the tile, give four
// elements, zeros outside the matrix and from end_k on. May be used several times in a kernel; all threads of the group must come here.
#define TILE_PRODUCT(side, parts, first_k, end_k, GET_A, deep_a, GET_B, deep_b) \
    { \
        int line_a = TILE_FETCH_LINE(side, parts, deep_a), at_a = TILE_FETCH_K(side, parts, deep_a); \
        int line_b = TILE_FETCH_LINE(side, parts, deep_b), at_b = TILE_FETCH_K(side, parts, deep_b); \
        int steps = ((end_k) - (first_k) + TILE_DEPTH(side, parts) - 1) / TILE_DEPTH(side, parts); \
        int k0 = (first_k); \
        tile_put(tile_a, TILE_PITCH(side, parts), deep_a, line_a, at_a, GET_A(line_a, k0 + at_a)); \
        tile_put(tile_b, TILE_PITCH(side, parts), deep_b, line_b, at_b, GET_B(line_b, k0 + at_b)); \
        BARRIER(); \
        for (int step = 0; step < steps; step++) { \
            int now = (step & 1) * TILE_DEPTH(side, parts) * TILE_PITCH(side, parts); \
            int then = TILE_DEPTH(side, parts) * TILE_PITCH(side, parts) - now; \
            k0 += TILE_DEPTH(side, parts); \
            FLOAT4 next_a = GET_A(line_a, k0 + at_a); \
            FLOAT4 next_b = GET_B(line_b, k0 + at_b); \
            UNROLL \
            for (int k = 0; k < TILE_DEPTH(side, parts); k++) { \
                float left[4 * (parts)], right[4 * (parts)]; \
                UNROLL \
                for (int part = 0; part < (parts); part++) { \
                    FLOAT4 p = tile_a[now + k * TILE_PITCH(side, parts) + part * (side) + LOCAL_ID / (side)]; \
                    FLOAT4 q = tile_b[now + k * TILE_PITCH(side, parts) + part * (side) + LOCAL_ID % (side)]; \
                    left[4 * part] = p.x; \
                    left[4 * part + 1] = p.y; \
                    left[4 * part + 2] = p.z; \
                    left[4 * part + 3] = p.w; \
                    right[4 * part] = q.x; \
                    right[4 * part + 1] = q.y; \
                    right[4 * part + 2] = q.z; \
                    right[4 * part + 3] = q.w; \
                } \
                UNROLL \
                for (int i = 0; i < 4 * (parts); i++) { \
                    UNROLL \
                    for (int j = 0; j < 4 * (parts); j++) { \
                        tile_sums[i][j] = FMA(left[i], right[j], tile_sums[i][j]); \
                    } \
                } \
            } \
            tile_put(tile_a + then, TILE_PITCH(side, parts), deep_a, line_a, at_a, next_a); \
            tile_put(tile_b + then, TILE_PITCH(side, parts), deep_b, line_b, at_b, next_b); \
            BARRIER(); \
        } \
    }

// Four neighbours of the sums: part column_part of row i.
DEVICE FLOAT4 tile_four(float x, float y, float z, float w)
{
    FLOAT4 four;
    four.x = x;
    four.y = y;
    four.z = z;
    four.w = w;
    return four;
}

#define TILE_SUMS(i, column_part) \
    tile_four(tile_sums[i][4 * (column_part)], tile_sums[i][4 * (column_part) + 1], tile_sums[i][4 * (column_part) + 2], tile_sums[i][4 * (column_part) + 3])

// Four elements from a place on, step apart; those from count on are zeros. Fours: the place is a multiple of 16 bytes and step is 1.
DEVICE FLOAT4 tile_get(GLOBAL const float *from, INT64 step, int count, int fours)
{
    if (fours && count >= 4) {
        return LOAD4(from);
    }
    return tile_four(
        count > 0 ? from[0] : 0.0f, count > 1 ? from[step] : 0.0f, count > 2 ? from[2 * step] : 0.0f, count > 3 ? from[3 * step] : 0.0f);
}

// Four neighbours of the result, those from count on left alone.
DEVICE void tile_set(GLOBAL float *to, int count, int fours, FLOAT4 value)
{
    if (fours && count >= 4) {
        STORE4(to, value);
        return;
    }
    if (count > 0) {
        to[0] = value.x;
    }
    if (count > 1) {
        to[1] = value.y;
    }
    if (count > 2) {
        to[2] = value.z;
    }
    if (count > 3) {
        to[3] = value.w;
    }
}

// Where a group's work lies: groups go through columns of tiles, then rows of tiles, then slices of k, then matrices.
typedef struct {
    int row;
    int column;
    int slice;
    int matrix;
} TILE_PLACE;

DEVICE TILE_PLACE tile_place(int rows, int columns, int slices, int size)
{
    int across = (columns + size - 1) / size;
    int down = (rows + size - 1) / size;
    int group = GROUP_ID;
    TILE_PLACE place;
    place.column = group % across * size;
    group /= across;
    place.row = group % down * size;
    group /= down;
    place.slice = group % slices;
    place.matrix = group / slices;
    return place;
}

#endif
