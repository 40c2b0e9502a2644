// Reductions along many lines at once: a group of 256 threads takes 256 / width of them, width threads for each, a power of two.
// Sums run in a fixed order, which depends on sizes only. Every thread of the group calls, also those without a line.
#ifndef LIB_LINES
#define LIB_LINES
#include "lib/math.h"

typedef struct {
    INT64 line;
    int lane;
    int width;
    // Threads from one lane of a line to the next.
    int spacing;
} LINE;

// Neighbouring threads stand on neighbouring lanes or, if across, on neighbouring lines: whichever lie together in memory.
DEVICE LINE line_of(INT64 group, int width, int across)
{
    int lines = 256 / width;
    LINE at;
    at.width = width;
    at.lane = across ? LOCAL_ID / lines : LOCAL_ID & (width - 1);
    at.spacing = across ? lines : 1;
    at.line = group * lines + (across ? LOCAL_ID & (lines - 1) : LOCAL_ID / width);
    return at;
}

// The sum of the lanes' values; scratch is 256 floats of local memory and free again on return.
DEVICE float line_sum(LOCAL_PTR float *scratch, LINE at, float value)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    for (int step = at.width >> 1; step > 0; step >>= 1) {
        if (at.lane < step) {
            scratch[thread] += scratch[thread + step * at.spacing];
        }
        BARRIER();
    }
    float sum = scratch[thread - at.lane * at.spacing];
    BARRIER();
    return sum;
}

// The largest; NaN if one is.
DEVICE float line_max(LOCAL_PTR float *scratch, LINE at, float value)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    for (int step = at.width >> 1; step > 0; step >>= 1) {
        if (at.lane < step) {
            scratch[thread] = hk_max(scratch[thread], scratch[thread + step * at.spacing]);
        }
        BARRIER();
    }
    float max = scratch[thread - at.lane * at.spacing];
    BARRIER();
    return max;
}

#endif
