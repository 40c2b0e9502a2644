// Rows and elements by index. 32-bit elements of either type go as int or, four at once, as FLOAT4.
#include "lib/math.h"
#include "lib/first.h"

// y [count, width] = the rows of x named by the indices, stride apart.   Any launch size.
KERNEL(256) gather_rows(IN(int, x), INT64 stride, IN(int, indices), int count, int width, OUT(int, y))
{
    DATA_IN(int, x);
    DATA_IN(int, indices);
    DATA_OUT(int, y);
    INT64 items = (INT64)count * width;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        int row = (int)hk_quotient(i, width);
        y[i] = x[indices[row] * stride + (i - (INT64)row * width)];
    }
}

// The same in units of four elements; width and stride are in such units.   Any launch size. All places at multiples of 16 bytes.
KERNEL(256) gather_rows4(IN(float, x), INT64 stride, IN(int, indices), int count, int width, OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(int, indices);
    DATA_OUT(float, y);
    INT64 items = (INT64)count * width;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        int row = (int)hk_quotient(i, width);
        STORE4(y + 4 * i, LOAD4(x + 4 * (indices[row] * stride + (i - (INT64)row * width))));
    }
}

// y [outer, count, inner] = x [outer, axis, inner] at axis position indices [outer, count, inner].   Any launch size.
KERNEL(256) take_along(int outer, int axis, int count, int inner, IN(float, x), IN(int, indices), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(int, indices);
    DATA_OUT(float, y);
    INT64 items = (INT64)outer * count * inner;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        INT64 pick = hk_quotient(i, inner);
        INT64 row = hk_quotient(pick, count);
        y[i] = x[(row * axis + indices[i]) * inner + (i - pick * inner)];
    }
}

// Its adjoint for few picks: x [outer, axis, inner] = sum of y [outer, count, inner] where the index names the place, in order.
// Any launch size. Every element of x looks through count indices.
KERNEL(256) take_along_grad(int outer, int axis, int count, int inner, IN(float, y), IN(int, indices), OUT(float, x))
{
    DATA_IN(float, y);
    DATA_IN(int, indices);
    DATA_OUT(float, x);
    INT64 items = (INT64)outer * axis * inner;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        INT64 rest = hk_quotient(i, inner);
        INT64 row = hk_quotient(rest, axis);
        int place = (int)(rest - row * axis);
        INT64 at = row * count * inner + (i - rest * inner);
        float sum = 0.0f;
        for (int k = 0; k < count; k++, at += inner) {
            sum += indices[at] == place ? y[at] : 0.0f;
        }
        x[i] = sum;
    }
}

// rows [outer, count, inner] = which element of [outer, axis, inner] each index names: the adjoint for many picks adds rows of one
// element each.   Any launch size.
KERNEL(256) along_rows(int outer, int axis, int count, int inner, IN(int, indices), OUT(int, rows))
{
    DATA_IN(int, indices);
    DATA_OUT(int, rows);
    INT64 items = (INT64)outer * count * inner;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        INT64 pick = hk_quotient(i, inner);
        INT64 row = hk_quotient(pick, count);
        rows[i] = (int)((row * axis + indices[i]) * inner + (i - pick * inner));
    }
}

// y [rows, count] = positions of the largest of each row of x [rows, size], best first: each round finds the best behind the one before.
// 2^lane_bits threads to a row; one group per 2^(8 - lane_bits) rows. For a small count: each round reads the row again.
KERNEL(256) top_k(int rows, int size, int count, int lane_bits, IN(float, x), OUT(int, y))
{
    LOCAL float values[256];
    LOCAL int positions[256];
    DATA_IN(float, x);
    DATA_OUT(int, y);
    int lane = LOCAL_ID & ((1 << lane_bits) - 1);
    int first = LOCAL_ID - lane;
    INT64 row = (INT64)GROUP_ID * (256 >> lane_bits) + (LOCAL_ID >> lane_bits);
    GLOBAL const float *from = x + row * size;
    float last = 0.0f;
    int last_position = -1;
    for (int k = 0; k < count; k++) {
        float best = 0.0f;
        int where = -1;
        if (row < rows) {
            for (INT64 i = lane; i < size; i += 1 << lane_bits) {
                float value = from[i];
                if ((k == 0 || comes_first(1, last, last_position, value, (int)i)) && comes_first(1, value, (int)i, best, where)) {
                    best = value;
                    where = (int)i;
                }
            }
        }
        values[LOCAL_ID] = best;
        positions[LOCAL_ID] = where;
        for (int span = (1 << lane_bits) >> 1; span > 0; span >>= 1) {
            BARRIER();
            int other = LOCAL_ID + span;
            if (lane < span && comes_first(1, values[other], positions[other], values[LOCAL_ID], positions[LOCAL_ID])) {
                values[LOCAL_ID] = values[other];
                positions[LOCAL_ID] = positions[other];
            }
        }
        BARRIER();
        last = values[first];
        last_position = positions[first];
        if (lane == 0 && row < rows) {
            y[row * count + k] = last_position;
        }
        BARRIER();
    }
}
