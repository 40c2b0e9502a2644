// Elementwise ops over merged axes: backends pass the axes of Broadcast, the operands' strides in elements (0 where repeated).
#include "lib/broadcast.h"

// y = op(a, b), y dense.   Any launch size; y may be a or b.
KERNEL(256) binary(int op, BROADCAST_SIZES sizes, IN(float, a), IN(float, b), INT64 count, OUT(float, y))
{
    DATA_IN(float, a);
    DATA_IN(float, b);
    DATA_OUT(float, y);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 at_a, at_b, at_c;
        broadcast_at(&sizes, i, &at_a, &at_b, &at_c);
        float p = a[at_a], q = b[at_b];
        y[i] = op == 0 ? p + q : p * q;
    }
}
