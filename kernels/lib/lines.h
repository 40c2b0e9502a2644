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

// One round of a reduction: left lanes of a line keep the sum of 4 or, where no more are there, 2 lanes each.
DEVICE void line_round(LOCAL_PTR float *scratch, LINE at, int left, int parts)
{
    if (at.lane < left) {
        int step = left * at.spacing;
        LOCAL_PTR float *place = scratch + LOCAL_ID;
        float sum = place[0] + place[step];
        place[0] = parts == 4 ? sum + (place[2 * step] + place[3 * step]) : sum;
    }
}

// The sum of the lanes' values; scratch is 256 floats of local memory and free again on return.
DEVICE float line_sum(LOCAL_PTR float *scratch, LINE at, float value)
{
    scratch[LOCAL_ID] = value;
    BARRIER();
    for (int left = at.width; left > 1;) {
        int parts = left >= 4 ? 4 : 2;
        left /= parts;
        line_round(scratch, at, left, parts);
        BARRIER();
    }
    float sum = scratch[LOCAL_ID - at.lane * at.spacing];
    BARRIER();
    return sum;
}

// Two sums at once; scratch is 512 floats.
DEVICE void line_sums(LOCAL_PTR float *scratch, LINE at, float *first, float *second)
{
    scratch[LOCAL_ID] = *first;
    scratch[256 + LOCAL_ID] = *second;
    BARRIER();
    for (int left = at.width; left > 1;) {
        int parts = left >= 4 ? 4 : 2;
        left /= parts;
        line_round(scratch, at, left, parts);
        line_round(scratch + 256, at, left, parts);
        BARRIER();
    }
    *first = scratch[LOCAL_ID - at.lane * at.spacing];
    *second = scratch[256 + LOCAL_ID - at.lane * at.spacing];
    BARRIER();
}

// The largest; NaN if one is.
DEVICE float line_max(LOCAL_PTR float *scratch, LINE at, float value)
{
    scratch[LOCAL_ID] = value;
    BARRIER();
    for (int left = at.width; left > 1;) {
        int parts = left >= 4 ? 4 : 2;
        left /= parts;
        if (at.lane < left) {
            int step = left * at.spacing;
            LOCAL_PTR float *place = scratch + LOCAL_ID;
            float max = hk_max(place[0], place[step]);
            place[0] = parts == 4 ? hk_max(max, hk_max(place[2 * step], place[3 * step])) : max;
        }
        BARRIER();
    }
    float max = scratch[LOCAL_ID - at.lane * at.spacing];
    BARRIER();
    return max;
}

#endif
