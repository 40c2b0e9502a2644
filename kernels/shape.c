// Moving elements: copies between strides, rows by index. 32-bit elements of either type go as int or, four at once, as FLOAT4.
#include "lib/broadcast_pair.h"

// destination[stride_b] = source[stride_a] over the axes, count elements in all.   Any launch size. Any strides.
KERNEL(256) copy(BROADCAST_SIZES sizes, INT64 count, IN(int, source), OUT(int, destination))
{
    DATA_IN(int, source);
    DATA_OUT(int, destination);
    int small = count < 0x7fffffff;
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 from, to;
        broadcast_pair_at(&sizes, sizes.rank, small, i, &from, &to);
        destination[to] = source[from];
    }
}

// The same in units of four elements that lie together at both ends; all strides, the count and the places are in such units. Then tail
// single elements behind a dense copy.   Any launch size. Both places at multiples of 16 bytes.
KERNEL(256) copy4(BROADCAST_SIZES sizes, INT64 count, int tail, IN(float, source), OUT(float, destination))
{
    DATA_IN(float, source);
    DATA_OUT(float, destination);
    int small = count < 0x7fffffff;
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 from, to;
        broadcast_pair_at(&sizes, sizes.rank, small, i, &from, &to);
        STORE4(destination + 4 * to, LOAD4(source + 4 * from));
    }
    if (GLOBAL_ID < tail) {
        destination[4 * count + GLOBAL_ID] = source[4 * count + GLOBAL_ID];
    }
}

// The same where the source lies together along the last axis but one and the destination along the last: through tiles of local memory,
// so that both ends are read and written in whole lines.   One group per tile of 32 x 32 and batch of the axes before.
KERNEL(256) copy_transposed(BROADCAST_SIZES sizes, IN(int, source), OUT(int, destination))
{
    LOCAL int tile[32][33];
    DATA_IN(int, source);
    DATA_OUT(int, destination);
    int last = sizes.rank - 1;
    int rows = sizes.sizes[last - 1];
    int columns = sizes.sizes[last];
    int row_tiles = (rows + 31) / 32;
    int column_tiles = (columns + 31) / 32;
    int group = GROUP_ID;
    int rest = group / column_tiles;
    int first_column = (group - rest * column_tiles) * 32;
    int batch = rest / row_tiles;
    int first_row = (rest - batch * row_tiles) * 32;
    INT64 from, to;
    broadcast_pair_at(&sizes, last - 1, 1, batch, &from, &to);
    int lane = LOCAL_ID & 31;
    int line = LOCAL_ID >> 5;
    for (int k = line; k < 32; k += 8) {
        int column = first_column + k;
        int row = first_row + lane;
        if (column < columns && row < rows) {
            tile[k][lane] = source[from + row + column * sizes.stride_a[last]];
        }
    }
    BARRIER();
    for (int k = line; k < 32; k += 8) {
        int row = first_row + k;
        int column = first_column + lane;
        if (column < columns && row < rows) {
            destination[to + row * sizes.stride_b[last - 1] + column] = tile[lane][k];
        }
    }
}
