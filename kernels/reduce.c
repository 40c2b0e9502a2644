// Reductions over the middle axis of [outer, axis, inner]. A group of 256 threads is laid over results and axis: columns of inner side by
// side, 2^column_bits of them, then 2^row_bits threads along the axis, then as many outer rows as are left. Each thread walks its share of
// a piece of the axis, and the threads' results are joined as a tree: which element meets which follows from sizes alone. Pieces are joined
// by another launch.
#include "lib/first.h"
#include "lib/math.h"

#define SUM 0
#define SUM_ABS 1
#define SUM_SQUARES 2
#define SUM_SQUARED_DEVIATIONS 3
#define SUM_EXP 4
#define MAX 5
#define MIN 6

typedef struct {
    int outer;
    int axis;
    int inner;
    int piece;
    int pieces;
    int column_bits;
    int row_bits;
} REDUCE_SIZES;

// A thread's place: its result's row, piece and column, and its number among the threads along the axis.
typedef struct {
    int row;
    int piece;
    int column;
    int lane;
    int present;
} REDUCE_PLACE;

DEVICE REDUCE_PLACE reduce_place(const REDUCE_SIZES *sizes)
{
    int columns = 1 << sizes->column_bits;
    int bits = sizes->column_bits + sizes->row_bits;
    int blocks = (int)(((INT64)sizes->inner + columns - 1) >> sizes->column_bits);
    int rest = GROUP_ID / blocks;
    int row_block = rest / sizes->pieces;
    REDUCE_PLACE place;
    INT64 column = (INT64)(GROUP_ID - rest * blocks) * columns + (LOCAL_ID & (columns - 1));
    INT64 row = (INT64)row_block * (256 >> bits) + (LOCAL_ID >> bits);
    place.present = row < sizes->outer && column < sizes->inner;
    place.row = (int)row;
    place.column = (int)column;
    place.piece = rest - row_block * sizes->pieces;
    place.lane = (LOCAL_ID >> sizes->column_bits) & ((1 << sizes->row_bits) - 1);
    return place;
}

// How many elements of its piece a thread walks, every 2^row_bits-th.
DEVICE int reduce_steps(const REDUCE_SIZES *sizes, const REDUCE_PLACE *place)
{
    int begin = place->piece * sizes->piece;
    int count = sizes->axis - begin < sizes->piece ? sizes->axis - begin : sizes->piece;
    int threads = 1 << sizes->row_bits;
    return place->lane < count ? (count - place->lane + threads - 1) >> sizes->row_bits : 0;
}

DEVICE float reduce_empty(int op)
{
    return op == MAX ? -HK_INFINITY : op == MIN ? HK_INFINITY : 0.0f;
}

DEVICE float reduce_join(int op, float a, float b)
{
    return op == MAX ? hk_max(a, b) : op == MIN ? hk_min(a, b) : a + b;
}

DEVICE float reduce_step(int op, float sum, float x, float center)
{
    if (op == SUM_ABS) {
        return sum + ABS(x);
    }
    if (op == SUM_SQUARES) {
        return FMA(x, x, sum);
    }
    if (op == SUM_SQUARED_DEVIATIONS) {
        return FMA(x - center, x - center, sum);
    }
    if (op == SUM_EXP) {
        return sum + hk_exp(x - center);
    }
    return reduce_join(op, sum, x);
}

// A thread's share of its piece.
DEVICE float reduce_share(int op, const REDUCE_SIZES *sizes, const REDUCE_PLACE *place, GLOBAL const float *x, GLOBAL const float *centers)
{
    float sum = reduce_empty(op);
    if (!place->present) {
        return sum;
    }
    int steps = reduce_steps(sizes, place);
    INT64 stride = (INT64)sizes->inner << sizes->row_bits;
    float center = 0.0f;
    if (op == SUM_SQUARED_DEVIATIONS || op == SUM_EXP) {
        center = centers[(INT64)place->row * sizes->inner + place->column];
    }
    x += ((INT64)place->row * sizes->axis + place->piece * sizes->piece + place->lane) * sizes->inner + place->column;
    int i = 0;
    for (; i + 4 <= steps; i += 4) {
        // Four loads at once, one chain of sums.
        float a = x[0], b = x[stride], c = x[2 * stride], d = x[3 * stride];
        sum = reduce_step(op, reduce_step(op, reduce_step(op, reduce_step(op, sum, a, center), b, center), c, center), d, center);
        x += 4 * stride;
    }
    for (; i < steps; i++) {
        sum = reduce_step(op, sum, x[0], center);
        x += stride;
    }
    return sum;
}

// y [outer, pieces, inner] = scale * op over each piece of the axis of x [outer, axis, inner]; center [outer, inner] for the ops that have
// one.   One group per block of columns, piece and block of outer rows.
#define REDUCE(name, op) \
    KERNEL(256) name(REDUCE_SIZES sizes, IN(float, x), IN(float, center), float scale, OUT(float, y)) \
    { \
        LOCAL float room[256]; \
        DATA_IN(float, x); \
        DATA_IN(float, center); \
        DATA_OUT(float, y); \
        REDUCE_PLACE place = reduce_place(&sizes); \
        room[LOCAL_ID] = reduce_share(op, &sizes, &place, x, center); \
        for (int span = (1 << sizes.row_bits) >> 1; span > 0; span >>= 1) { \
            BARRIER(); \
            if (place.lane < span) { \
                room[LOCAL_ID] = reduce_join(op, room[LOCAL_ID], room[LOCAL_ID + (span << sizes.column_bits)]); \
            } \
        } \
        if (place.lane == 0 && place.present) { \
            y[((INT64)place.row * sizes.pieces + place.piece) * sizes.inner + place.column] = scale * room[LOCAL_ID]; \
        } \
    }

REDUCE(reduce_sum, SUM)
REDUCE(reduce_sum_abs, SUM_ABS)
REDUCE(reduce_sum_squares, SUM_SQUARES)
REDUCE(reduce_sum_squared_deviations, SUM_SQUARED_DEVIATIONS)
REDUCE(reduce_sum_exp, SUM_EXP)
REDUCE(reduce_max, MAX)
REDUCE(reduce_min, MIN)

// y [outer, pieces, inner] = position of the first largest (or smallest) of each piece of the axis. The axis holds the elements of x
// [outer, whole_axis, inner] themselves, or, if candidates [outer, axis, inner] are given, those at the positions that they name.
// One group per block of columns, piece and block of outer rows.
KERNEL(256) arg_reduce(int largest, REDUCE_SIZES sizes, int whole_axis, IN(float, x), IN(int, candidates), OUT(int, y))
{
    LOCAL float values[256];
    LOCAL int positions[256];
    DATA_IN(float, x);
    DATA_IN(int, candidates);
    DATA_OUT(int, y);
    REDUCE_PLACE place = reduce_place(&sizes);
    float best = 0.0f;
    int where = -1;
    if (place.present) {
        int steps = reduce_steps(&sizes, &place);
        GLOBAL const float *from = x + (INT64)place.row * whole_axis * sizes.inner + place.column;
        for (int i = 0; i < steps; i++) {
            int position = place.piece * sizes.piece + place.lane + (i << sizes.row_bits);
            if (HAS(candidates)) {
                position = candidates[((INT64)place.row * sizes.axis + position) * sizes.inner + place.column];
            }
            float value = from[(INT64)position * sizes.inner];
            if (comes_first(largest, value, position, best, where)) {
                best = value;
                where = position;
            }
        }
    }
    values[LOCAL_ID] = best;
    positions[LOCAL_ID] = where;
    for (int span = (1 << sizes.row_bits) >> 1; span > 0; span >>= 1) {
        BARRIER();
        if (place.lane < span) {
            int other = LOCAL_ID + (span << sizes.column_bits);
            if (comes_first(largest, values[other], positions[other], values[LOCAL_ID], positions[LOCAL_ID])) {
                values[LOCAL_ID] = values[other];
                positions[LOCAL_ID] = positions[other];
            }
        }
    }
    if (place.lane == 0 && place.present) {
        y[((INT64)place.row * sizes.pieces + place.piece) * sizes.inner + place.column] = positions[LOCAL_ID];
    }
}
