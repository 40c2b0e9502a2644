// How threads are laid over segments: for each segment some lanes, a power of two, that take every lanes-th slot each, and per lane one
// thread for each unit of a row. A group holds whole segments if there are several lanes; with one lane they may run on into the next group.
#ifndef LIB_SEGMENTS
#define LIB_SEGMENTS
#include "lib/math.h"

typedef struct {
    int segments;
    int units;
    int lanes;
    int longest;
    int source;
} SEGMENT_SIZES;

// Whole segments, but for those with more slots than longest; the pieces that those are cut into; or the joining of their pieces, which
// then are the slots.
#define SHORT_SEGMENTS 0
#define PIECES 1
#define JOIN 2

// segment is the row of the result.
typedef struct {
    int segment;
    int unit;
    int lane;
    int begin;
    int end;
    int present;
} SEGMENT_PLACE;

// offsets as in SegmentForm, those of the pieces of each long segment for JOIN. Without any, each slot is a segment of its own.
DEVICE SEGMENT_PLACE segment_place(const SEGMENT_SIZES *sizes, GLOBAL const int *offsets, GLOBAL const int *pieces)
{
    int width = sizes->lanes * sizes->units;
    int threads = sizes->lanes == 1 ? 256 : 256 / width * width;
    INT64 item = (INT64)GROUP_ID * threads + LOCAL_ID;
    SEGMENT_PLACE place;
    place.segment = (int)hk_quotient(item, width);
    int within = (int)(item - (INT64)place.segment * width);
    place.lane = within / sizes->units;
    place.unit = within - place.lane * sizes->units;
    place.present = LOCAL_ID < threads && place.segment < sizes->segments;
    place.begin = 0;
    place.end = 0;
    if (place.present) {
        if (sizes->source == PIECES) {
            place.begin = pieces[3 * (INT64)place.segment + 1];
            place.end = pieces[3 * (INT64)place.segment + 2];
        } else {
            place.begin = offsets != 0 ? offsets[place.segment] : place.segment;
            place.end = offsets != 0 ? offsets[place.segment + 1] : place.segment + 1;
        }
        if (sizes->source == JOIN) {
            place.segment = pieces[3 * (INT64)place.begin];
        }
        place.present = place.end - place.begin <= sizes->longest;
        place.end = place.present ? place.end : place.begin;
    }
    return place;
}

// Whether this thread takes over from another at a step of the lanes' tree; if so, that one's number is LOCAL_ID + span * units.
#define SEGMENT_JOINS(span) (place.lane < (span) && place.present)

#endif
