// What segments have besides sums: the largest, the smallest, softmax. A unit is one column.
#include "lib/first.h"
#include "lib/math.h"
#include "lib/segments.h"

// y[s, f] = the largest (or smallest) values[position(i), f] of the slots i of s, argument[s, f] = the membership it came from: the first of
// equals; an empty segment gives 0 and -1. Of pieces if there are any.   One group per 256 threads of the layout.
KERNEL(256) segment_extreme(
    SEGMENT_SIZES sizes, int largest, IN(int, offsets), IN(int, pieces), IN(int, positions), IN(float, values), OUT(float, y), OUT(int, argument))
{
    LOCAL float bests[256];
    LOCAL int members[256];
    DATA_IN(int, offsets);
    DATA_IN(int, pieces);
    DATA_IN(int, positions);
    DATA_IN(float, values);
    DATA_OUT(float, y);
    DATA_OUT(int, argument);
    SEGMENT_PLACE place = segment_place(&sizes, offsets, pieces);
    float best = 0.0f;
    int where = -1;
    for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
        int member = HAS(positions) ? positions[slot] : slot;
        float value = values[(INT64)member * sizes.units + place.unit];
        if (comes_first(largest, value, member, best, where)) {
            best = value;
            where = member;
        }
    }
    bests[LOCAL_ID] = best;
    members[LOCAL_ID] = where;
    for (int span = sizes.lanes >> 1; span > 0; span >>= 1) {
        BARRIER();
        if (SEGMENT_JOINS(span)) {
            int other = LOCAL_ID + span * sizes.units;
            if (comes_first(largest, bests[other], members[other], bests[LOCAL_ID], members[LOCAL_ID])) {
                bests[LOCAL_ID] = bests[other];
                members[LOCAL_ID] = members[other];
            }
        }
    }
    if (place.present && place.lane == 0) {
        INT64 at = (INT64)place.segment * sizes.units + place.unit;
        y[at] = bests[LOCAL_ID];
        argument[at] = members[LOCAL_ID];
    }
}

// The same from the pieces of each long segment.   Any launch size.
KERNEL(256) segment_extreme_pieces(
    int count, int features, int largest, IN(int, pieces), IN(int, first_pieces), IN(float, bests), IN(int, members), OUT(float, y), OUT(int, argument))
{
    DATA_IN(int, pieces);
    DATA_IN(int, first_pieces);
    DATA_IN(float, bests);
    DATA_IN(int, members);
    DATA_OUT(float, y);
    DATA_OUT(int, argument);
    INT64 items = (INT64)count * features;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        int number = (int)(i / features);
        int column = (int)(i - (INT64)number * features);
        float best = 0.0f;
        int where = -1;
        for (int piece = first_pieces[number]; piece < first_pieces[number + 1]; piece++) {
            INT64 at = (INT64)piece * features + column;
            if (comes_first(largest, bests[at], members[at], best, where)) {
                best = bests[at];
                where = members[at];
            }
        }
        INT64 to = (INT64)pieces[3 * (INT64)first_pieces[number]] * features + column;
        y[to] = best;
        argument[to] = where;
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
        INT64 at = (INT64)member * features + (i % features);
        if (!spread) {
            y[i] = member < 0 ? 0.0f : x[at];
        } else if (member >= 0) {
            y[at] = x[i];
        }
    }
}

// Softmax over the slots of each segment, column by column: y = e^(x - max) / sum of the same. With gradient: y = x * (gradient - sum of
// x * gradient), x being the softmax. Segments of several lanes join them twice.   One group per 256 threads of the layout.
// What is done is a mode: all of it, only the statistics (largest, sum) of pieces, or only the result of pieces from the statistics.
#define WHOLE 0
#define STATISTICS 1
#define RESULT 2

KERNEL(256) segment_softmax(
    SEGMENT_SIZES sizes, int mode, IN(int, offsets), IN(int, pieces), IN(int, piece_segments), IN(int, positions), IN(float, x),
    IN(float, gradient), OUT(float, largests), OUT(float, sums), OUT(float, y))
{
    LOCAL float room[256];
    DATA_IN(int, offsets);
    DATA_IN(int, pieces);
    DATA_IN(int, positions);
    DATA_IN(float, x);
    DATA_IN(float, gradient);
    DATA_IN(int, piece_segments);
    DATA_OUT(float, largests);
    DATA_OUT(float, sums);
    DATA_OUT(float, y);
    SEGMENT_PLACE place = segment_place(&sizes, offsets, pieces);
    int backward = HAS(gradient);
    int first = LOCAL_ID - place.lane * sizes.units;
    INT64 statistic = (INT64)place.segment * sizes.units + place.unit;
    float largest = 0.0f;
    float sum = 0.0f;
    if (mode != RESULT) {
        if (!backward) {
            largest = -HK_INFINITY;
            for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
                INT64 at = (INT64)(HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
                largest = hk_max(largest, x[at]);
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
        }
        for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
            INT64 at = (INT64)(HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
            sum = backward ? FMA(x[at], gradient[at], sum) : sum + hk_exp(x[at] - largest);
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
        if (mode == STATISTICS && place.present && place.lane == 0) {
            if (!backward) {
                largests[statistic] = largest;
            }
            sums[statistic] = sum;
        }
    } else if (place.present) {
        // The joined statistics stand with the first piece of the segment.
        statistic = (INT64)piece_segments[place.segment] * sizes.units + place.unit;
        largest = backward ? 0.0f : largests[statistic];
        sum = sums[statistic];
    }
    if (mode != STATISTICS) {
        float inverse = 1.0f / sum;
        for (int slot = place.begin + place.lane; slot < place.end; slot += sizes.lanes) {
            INT64 at = (INT64)(HAS(positions) ? positions[slot] : slot) * sizes.units + place.unit;
            y[at] = backward ? x[at] * (gradient[at] - sum) : hk_exp(x[at] - largest) * inverse;
        }
    }
}

// Joins the statistics of the pieces of each long segment, in order, in the place of its first piece; firsts[piece] = that place.
// Any launch size.
KERNEL(256) segment_softmax_pieces(
    int count, int columns, IN(int, first_pieces), OUT(float, largests), OUT(float, sums), OUT(int, firsts))
{
    DATA_IN(int, first_pieces);
    DATA_OUT(float, largests);
    DATA_OUT(float, sums);
    DATA_OUT(int, firsts);
    INT64 items = (INT64)count * columns;
    for (INT64 i = GLOBAL_ID; i < items; i += GLOBAL_SIZE) {
        int number = (int)(i / columns);
        int column = (int)(i - (INT64)number * columns);
        int begin = first_pieces[number];
        int end = first_pieces[number + 1];
        float largest = 0.0f;
        float sum = 0.0f;
        if (HAS(largests)) {
            largest = -HK_INFINITY;
            for (int piece = begin; piece < end; piece++) {
                largest = hk_max(largest, largests[(INT64)piece * columns + column]);
            }
        }
        for (int piece = begin; piece < end; piece++) {
            INT64 at = (INT64)piece * columns + column;
            sum += HAS(largests) ? sums[at] * hk_exp(largests[at] - largest) : sums[at];
            if (column == 0) {
                firsts[piece] = begin;
            }
        }
        if (HAS(largests)) {
            largests[(INT64)begin * columns + column] = largest;
        }
        sums[(INT64)begin * columns + column] = sum;
    }
}
