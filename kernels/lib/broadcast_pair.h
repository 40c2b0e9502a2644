// As broadcast_at, of two operands, with 32-bit divisions where the result has fewer than 2^31 elements: 64-bit ones take ten times as long.
#ifndef LIB_BROADCAST_PAIR
#define LIB_BROADCAST_PAIR
#include "lib/broadcast.h"

// place / size, where all places are below count.
DEVICE INT64 divided(INT64 place, int size, INT64 count)
{
    return count < 0x7fffffff ? (INT64)((UINT)place / (UINT)size) : place / size;
}

DEVICE void broadcast_pair_at(const BROADCAST_SIZES *sizes, int rank, int small, INT64 i, INT64 *a, INT64 *b)
{
    INT64 at_a = 0, at_b = 0;
    if (small) {
        UINT rest = (UINT)i;
        for (int axis = rank - 1; axis >= 0; axis--) {
            UINT size = (UINT)sizes->sizes[axis];
            UINT outer = rest / size;
            INT64 place = (INT64)(rest - outer * size);
            at_a += place * sizes->stride_a[axis];
            at_b += place * sizes->stride_b[axis];
            rest = outer;
        }
    } else {
        for (int axis = rank - 1; axis >= 0; axis--) {
            INT64 outer = i / sizes->sizes[axis];
            INT64 place = i - outer * sizes->sizes[axis];
            at_a += place * sizes->stride_a[axis];
            at_b += place * sizes->stride_b[axis];
            i = outer;
        }
    }
    *a = at_a;
    *b = at_b;
}

#endif
