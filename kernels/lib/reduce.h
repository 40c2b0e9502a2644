// Reductions over a group of 256 threads in a fixed order. Every thread of the group calls with its value and gets the result;
// scratch is REDUCE_SCRATCH floats of local memory and free for the next use on return.
#ifndef LIB_REDUCE
#define LIB_REDUCE

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

#endif
