// Reductions over a group of 256 threads in a fixed order. Every thread of the group calls with its value and gets the result;
// scratch is REDUCE_SCRATCH floats of local memory and free for the next use on return.
#ifndef LIB_REDUCE
#define LIB_REDUCE
#include "lib/math.h"

#define REDUCE_SCRATCH 272

// Sixteen threads add up sixteen values each, then every thread these sixteen: two barriers instead of a tree's eight.
DEVICE float group_sum(LOCAL_PTR float *scratch, float value)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    if (thread < 16) {
        float sum = 0.0f;
        UNROLL
        for (int i = 0; i < 16; i++) {
            sum += scratch[thread + 16 * i];
        }
        scratch[256 + thread] = sum;
    }
    BARRIER();
    float sum = 0.0f;
    UNROLL
    for (int i = 0; i < 16; i++) {
        sum += scratch[256 + i];
    }
    BARRIER();
    return sum;
}

// The largest; NaN if one is.
DEVICE float group_max(LOCAL_PTR float *scratch, float value)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    if (thread < 16) {
        float max = scratch[thread];
        UNROLL
        for (int i = 1; i < 16; i++) {
            max = hk_max(max, scratch[thread + 16 * i]);
        }
        scratch[256 + thread] = max;
    }
    BARRIER();
    float max = scratch[256];
    UNROLL
    for (int i = 1; i < 16; i++) {
        max = hk_max(max, scratch[256 + i]);
    }
    BARRIER();
    return max;
}

// Over each run of width threads that begins at a multiple of width, a power of two up to 256. width is the same for the whole group.
DEVICE float lanes_sum(LOCAL_PTR float *scratch, float value, int width)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    for (int step = width >> 1; step > 0; step >>= 1) {
        if ((thread & (width - 1)) < step) {
            scratch[thread] += scratch[thread + step];
        }
        BARRIER();
    }
    float sum = scratch[thread & ~(width - 1)];
    BARRIER();
    return sum;
}

DEVICE float lanes_max(LOCAL_PTR float *scratch, float value, int width)
{
    int thread = LOCAL_ID;
    scratch[thread] = value;
    BARRIER();
    for (int step = width >> 1; step > 0; step >>= 1) {
        if ((thread & (width - 1)) < step) {
            scratch[thread] = hk_max(scratch[thread], scratch[thread + step]);
        }
        BARRIER();
    }
    float max = scratch[thread & ~(width - 1)];
    BARRIER();
    return max;
}

#endif
