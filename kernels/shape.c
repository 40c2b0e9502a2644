// Moving elements: copies between strides. 32-bit elements of either type go as int or, four at once, as FLOAT4.
#include "lib/broadcast.h"

// destination[stride_b] = source[stride_a] over the axes, count elements in all.   Any launch size. Any strides.
KERNEL(256) copy(BROADCAST_SIZES sizes, INT64 count, IN(int, source), OUT(int, destination))
{
    DATA_IN(int, source);
    DATA_OUT(int, destination);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 from, to, unused;
        broadcast_at(&sizes, i, &from, &to, &unused);
        destination[to] = source[from];
    }
}

// The same in units of four elements that lie together at both ends; all strides, the count and the places are in such units. Then tail
// single elements behind a dense copy.   Any launch size. Both places at multiples of 16 bytes.
KERNEL(256) copy4(BROADCAST_SIZES sizes, INT64 count, int tail, IN(float, source), OUT(float, destination))
{
    DATA_IN(float, source);
    DATA_OUT(float, destination);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 from, to, unused;
        broadcast_at(&sizes, i, &from, &to, &unused);
        STORE4(destination + 4 * to, LOAD4(source + 4 * from));
    }
    if (GLOBAL_ID < tail) {
        destination[4 * count + GLOBAL_ID] = source[4 * count + GLOBAL_ID];
    }
}

// destination[row, column] = source[column, row] for each batch of the axes: through tiles of local memory, so that both ends are read and
// written in whole lines; the outer of each end's two axes has the stride given.   One group per tile of 32 x 32 and batch.
KERNEL(256) copy_transposed(
    BROADCAST_SIZES batches, int rows, int columns, INT64 source_stride, INT64 destination_stride, IN(int, source), OUT(int, destination))
{
    LOCAL int tile[32][33];
    DATA_IN(int, source);
    DATA_OUT(int, destination);
    int row_tiles = (rows + 31) / 32;
    int column_tiles = (columns + 31) / 32;
    int rest = GROUP_ID / column_tiles;
    int first_column = (GROUP_ID - rest * column_tiles) * 32;
    int batch = rest / row_tiles;
    int first_row = (rest - batch * row_tiles) * 32;
    INT64 from, to, unused;
    broadcast_at(&batches, batch, &from, &to, &unused);
    int lane = LOCAL_ID & 31;
    int line = LOCAL_ID >> 5;
    for (int k = line; k < 32; k += 8) {
        int column = first_column + k;
        int row = first_row + lane;
        if (column < columns && row < rows) {
            tile[k][lane] = source[from + row + column * source_stride];
        }
    }
    BARRIER();
    for (int k = line; k < 32; k += 8) {
        int row = first_row + k;
        int column = first_column + lane;
        if (column < columns && row < rows) {
            destination[to + row * destination_stride + column] = tile[lane][k];
        }
    }
}
