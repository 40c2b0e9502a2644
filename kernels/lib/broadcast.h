#include "lib/math.h"

// The axes of an elementwise op, laid out as Backends/Broadcast.cs.
typedef struct {
    int rank;
    int sizes[8];
    INT64 stride_a[8];
    INT64 stride_b[8];
    INT64 stride_c[8];
} BROADCAST_SIZES;

// Where element i of the dense result finds its operands.
DEVICE void broadcast_at(const BROADCAST_SIZES *sizes, INT64 i, INT64 *a, INT64 *b, INT64 *c)
{
    INT64 at_a = 0, at_b = 0, at_c = 0;
    for (int axis = sizes->rank - 1; axis > 0; axis--) {
        int size = sizes->sizes[axis];
        INT64 outer = hk_quotient(i, size);
        INT64 place = i - outer * size;
        at_a += place * sizes->stride_a[axis];
        at_b += place * sizes->stride_b[axis];
        at_c += place * sizes->stride_c[axis];
        i = outer;
    }
    *a = at_a + i * sizes->stride_a[0];
    *b = at_b + i * sizes->stride_b[0];
    *c = at_c + i * sizes->stride_c[0];
}
