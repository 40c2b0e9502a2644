// What segments have besides sums: the largest, the smallest, softmax. A unit is one column.
#include "lib/first.h"
#include "lib/math.h"
#include "lib/segments.h"

// y[s, f] = the largest (or smallest) values[position(i), f] of the slots i of s, argument[s, f] = the membership it came from: the first of
// equals; an empty segment gives 0 and -1. Long segments take two more launches: their pieces into rows of their own, and those rows, now
// values with their members, joined.   One group per 256 threads of the layout.
KERNEL(256) segment_extreme(
    SEGMENT_SIZES sizes, int largest, IN(int, offsets), IN(int, pieces), IN(int, positions), IN(float, values), IN(int, members), OUT(float, y),
    OUT(int, argument))
{
    LOCAL float bests[256];
    LOCAL int places[256];
    DATA_IN(int, offsets);
    DATA_IN(int, pieces);
    DATA_IN(int, positions);
    DATA_IN(float, values);
    DATA_IN(int, members);
    DATA_OUT(float, y);
    DATA_OUT(int, argument);
    SEGMENT_PLACE place = segment_place(&sizes, offsets, pieces);
    float best = 0.0f;
    int where = -1;
    for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
        int row = HAS(positions) ? positions[slot] : slot;
        INT64 at = (INT64)row * sizes.units + place.unit;
        int member = HAS(members) ? members[at] : row;
        float value = values[at];
        if (comes_first(largest, value, member, best, where)) {
            best = value;
            where = member;
        }
    }
    bests[LOCAL_ID] = best;
    places[LOCAL_ID] = where;
    for (int span = sizes.lanes >> 1; span > 0; span >>= 1) {
        BARRIER();
        if (SEGMENT_JOINS(span)) {
            int other = LOCAL_ID + span * sizes.units;
            if (comes_first(largest, bests[other], places[other], bests[LOCAL_ID], places[LOCAL_ID])) {
                bests[LOCAL_ID] = bests[other];
                places[LOCAL_ID] = places[other];
            }
        }
    }
    if (place.present && place.lane == 0) {
        INT64 at = (INT64)place.segment * sizes.units + place.unit;
        y[at] = bests[LOCAL_ID];
        argument[at] = places[LOCAL_ID];
    }
}

// The gradient of the extreme, and that gradient's own: with spread y[argument[s, f], f] = x[s, f]; without, y[s, f] = x[argument[s, f], f],
// or 0 where argument is -1.   Any launch size.
KERNEL(256) segment_pick(int spread, INT64 count, int features, IN(int, argument), IN(float, x), OUT(float, y))
{
    DATA_IN(int, argument);
    DATA_IN(float, x);
    DATA_OUT(float, y);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        int member = argument[i];
        INT64 at = (INT64)member * features + (i - hk_quotient(i, features) * features);
        if (!spread) {
            y[i] = member < 0 ? 0.0f : x[at];
        } else if (member >= 0) {
            y[at] = x[i];
        }
    }
}

// Softmax over the slots of each segment, column by column: y = e^(x - max) / sum of the same. With gradient: y = x * (gradient - sum of
// x * gradient), x being the softmax. Long segments take three more launches: the statistics (largest, sum) of their pieces, those joined
// into the row of the first piece, and the result from them; firsts[piece] = that row.   One group per 256 threads of the layout.
#define WHOLE 0
#define STATISTICS 1
#define JOINED_STATISTICS 2
#define RESULT 3

KERNEL(256) segment_softmax(
    SEGMENT_SIZES sizes, int part, IN(int, offsets), IN(int, pieces), IN(int, positions), IN(float, x), IN(float, gradient), OUT(float, largests),
    OUT(float, sums), OUT(int, firsts), OUT(float, y))
{
    LOCAL float room[256];
    DATA_IN(int, offsets);
    DATA_IN(int, pieces);
    DATA_IN(int, positions);
    DATA_IN(float, x);
    DATA_IN(float, gradient);
    DATA_OUT(float, largests);
    DATA_OUT(float, sums);
    DATA_OUT(int, firsts);
    DATA_OUT(float, y);
    SEGMENT_PLACE place = segment_place(&sizes, offsets, pieces);
    int backward = HAS(gradient);
    int joined = part == JOINED_STATISTICS;
    int first = LOCAL_ID - place.lane * sizes.units;
    // No barrier under a condition, not even one that is the same for all threads: PoCL 3.1 gets lost.
    int read_end = part == RESULT ? place.begin : place.end;
    float largest = -HK_INFINITY;
    for (int slot = place.begin + place.lane; slot < read_end && !backward; slot += sizes.lanes) {
        INT64 at = (INT64)(!joined && HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
        largest = hk_max(largest, joined ? largests[at] : x[at]);
    }
    room[LOCAL_ID] = largest;
    for (int span = sizes.lanes >> 1; span > 0; span >>= 1) {
        BARRIER();
        if (SEGMENT_JOINS(span)) {
            room[LOCAL_ID] = hk_max(room[LOCAL_ID], room[LOCAL_ID + span * sizes.units]);
        }
    }
    BARRIER();
    largest = place.present ? room[first] : 0.0f;
    BARRIER();
    float sum = 0.0f;
    for (int slot = place.begin + place.lane; slot < read_end; slot += sizes.lanes) {
        INT64 at = (INT64)(!joined && HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
        if (joined) {
            sum += backward ? sums[at] : sums[at] * hk_exp(largests[at] - largest);
            if (place.unit == 0) {
                firsts[slot] = place.begin;
            }
        } else {
            sum = backward ? FMA(x[at], gradient[at], sum) : sum + hk_exp(x[at] - largest);
        }
    }
    room[LOCAL_ID] = sum;
    for (int span = sizes.lanes >> 1; span > 0; span >>= 1) {
        BARRIER();
        if (SEGMENT_JOINS(span)) {
            room[LOCAL_ID] += room[LOCAL_ID + span * sizes.units];
        }
    }
    BARRIER();
    sum = place.present ? room[first] : 0.0f;
    if (part == RESULT && place.present) {
        INT64 at = (INT64)firsts[place.segment] * sizes.units + place.unit;
        largest = backward ? 0.0f : largests[at];
        sum = sums[at];
    }
    if (part == STATISTICS || joined) {
        if (place.present && place.lane == 0) {
            INT64 at = (INT64)(joined ? place.begin : place.segment) * sizes.units + place.unit;
            if (!backward) {
                largests[at] = largest;
            }
            sums[at] = sum;
        }
    } else {
        float inverse = 1.0f / sum;
        for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
            INT64 at = (INT64)(HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
            y[at] = backward ? x[at] * (gradient[at] - sum) : hk_exp(x[at] - largest) * inverse;
        }
    }
}
