// Rows added up at their targets, in the order of the indices and without atomics: the indices are sorted (stable), then runs of equal
// ones are summed. Runs may be of any length: threads own equal shares of the sorted list, and what crosses a border is joined afterwards.
#include "lib/math.h"

#define DIGIT_BITS 4
#define DIGITS 16
#define BLOCK_ITEMS 4096

// Sorts few keys: each finds its place by counting the keys before it.   One group per 256 keys; reads count^2 keys.
KERNEL(256) sort_few(IN(int, keys), int count, OUT(int, sorted), OUT(int, positions))
{
    LOCAL int tile[256];
    DATA_IN(int, keys);
    DATA_OUT(int, sorted);
    DATA_OUT(int, positions);
    int own = GROUP_ID * 256 + LOCAL_ID;
    int key = own < count ? keys[own] : 0;
    int before = 0;
    for (int first = 0; first < count; first += 256) {
        BARRIER();
        if (first + LOCAL_ID < count) {
            tile[LOCAL_ID] = keys[first + LOCAL_ID];
        }
        BARRIER();
        int end = count - first < 256 ? count - first : 256;
        for (int i = 0; i < end; i++) {
            before += tile[i] < key || (tile[i] == key && first + i < own);
        }
    }
    if (own < count) {
        sorted[before] = key;
        positions[before] = own;
    }
}

// One digit of a radix sort, first step: counts [DIGITS, blocks] of each digit in each block of keys.   One group per block.
KERNEL(256) sort_count(IN(int, keys), int count, int shift, int blocks, OUT(int, counts))
{
    LOCAL int counters[DIGITS * 256];
    LOCAL int parts[256];
    DATA_IN(int, keys);
    DATA_OUT(int, counts);
    for (int digit = 0; digit < DIGITS; digit++) {
        counters[digit * 256 + LOCAL_ID] = 0;
    }
    INT64 first = (INT64)GROUP_ID * BLOCK_ITEMS;
    for (int i = 0; i < BLOCK_ITEMS; i += 256) {
        INT64 at = first + i + LOCAL_ID;
        if (at < count) {
            counters[((keys[at] >> shift) & (DIGITS - 1)) * 256 + LOCAL_ID]++;
        }
    }
    BARRIER();
    // Sixteen threads to a digit.
    int sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += counters[LOCAL_ID * 16 + i];
    }
    parts[LOCAL_ID] = sum;
    BARRIER();
    if (LOCAL_ID < DIGITS) {
        int total = 0;
        for (int i = 0; i < 16; i++) {
            total += parts[LOCAL_ID * 16 + i];
        }
        counts[(INT64)LOCAL_ID * blocks + GROUP_ID] = total;
    }
}

// Second step: each count becomes the sum of those before it, in place.   One group.
KERNEL(256) sort_sums(int count, OUT(int, counts))
{
    LOCAL int parts[256];
    DATA_OUT(int, counts);
    int share = (count + 255) / 256;
    int first = LOCAL_ID * share;
    int end = count - first < share ? count : first + share;
    int sum = 0;
    for (int i = first; i < end; i++) {
        sum += counts[i];
    }
    parts[LOCAL_ID] = sum;
    BARRIER();
    sum = 0;
    for (int i = 0; i < LOCAL_ID; i++) {
        sum += parts[i];
    }
    for (int i = first; i < end; i++) {
        int here = counts[i];
        counts[i] = sum;
        sum += here;
    }
}

// Third step: moves keys and positions to their places; equal digits keep their order. Without positions a key's own number is meant.
// One group per block.
KERNEL(256) sort_move(IN(int, keys), IN(int, positions), int count, int shift, int blocks, IN(int, counts), OUT(int, sorted), OUT(int, moved))
{
    LOCAL int counters[DIGITS * 256];
    LOCAL int parts[256];
    DATA_IN(int, keys);
    DATA_IN(int, positions);
    DATA_IN(int, counts);
    DATA_OUT(int, sorted);
    DATA_OUT(int, moved);
    for (int digit = 0; digit < DIGITS; digit++) {
        counters[digit * 256 + LOCAL_ID] = 0;
    }
    // Neighbouring keys go to one thread, so that threads stand in the order of their keys.
    INT64 first = (INT64)GROUP_ID * BLOCK_ITEMS + LOCAL_ID * (BLOCK_ITEMS / 256);
    for (int i = 0; i < BLOCK_ITEMS / 256; i++) {
        if (first + i < count) {
            counters[((keys[first + i] >> shift) & (DIGITS - 1)) * 256 + LOCAL_ID]++;
        }
    }
    BARRIER();
    int sum = 0;
    for (int i = 0; i < 16; i++) {
        sum += counters[LOCAL_ID * 16 + i];
    }
    parts[LOCAL_ID] = sum;
    BARRIER();
    int digit = LOCAL_ID >> 4;
    sum = counts[(INT64)digit * blocks + GROUP_ID];
    for (int i = digit * 16; i < LOCAL_ID; i++) {
        sum += parts[i];
    }
    for (int i = 0; i < 16; i++) {
        int here = counters[LOCAL_ID * 16 + i];
        counters[LOCAL_ID * 16 + i] = sum;
        sum += here;
    }
    BARRIER();
    for (int i = 0; i < BLOCK_ITEMS / 256; i++) {
        INT64 at = first + i;
        if (at < count) {
            int key = keys[at];
            int to = counters[((key >> shift) & (DIGITS - 1)) * 256 + LOCAL_ID]++;
            sorted[to] = key;
            moved[to] = HAS(positions) ? positions[at] : (int)at;
        }
    }
}

// y [rows, width], zeros before, gets the sum of every run of equal keys; a run that crosses shares leaves its part in heads [shares,
// width] where it began in a share before, else in tails.   Any launch size; a thread walks one column of a share of keys.
KERNEL(256) scatter_runs(IN(float, x), IN(int, keys), IN(int, positions), int count, int width, int share, OUT(float, heads), OUT(float, tails), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(int, keys);
    DATA_IN(int, positions);
    DATA_OUT(float, heads);
    DATA_OUT(float, tails);
    DATA_OUT(float, y);
    INT64 items = ((INT64)count + share - 1) / share * width;
    for (INT64 item = GLOBAL_ID; item < items; item += GLOBAL_SIZE) {
        INT64 number = hk_quotient(item, width);
        INT64 column = item - number * width;
        int begin = (int)(number * share);
        int end = count - begin < share ? count : begin + share;
        int key = keys[begin];
        int began_here = begin == 0 || keys[begin - 1] != key;
        float sum = x[(INT64)positions[begin] * width + column];
        for (int slot = begin + 1; slot < end; slot++) {
            int next = keys[slot];
            float value = x[(INT64)positions[slot] * width + column];
            if (next == key) {
                sum += value;
                continue;
            }
            if (began_here) {
                y[(INT64)key * width + column] = sum;
            } else {
                heads[item] = sum;
            }
            began_here = 1;
            key = next;
            sum = value;
        }
        int ends_here = end == count || keys[end] != key;
        if (!began_here) {
            heads[item] = sum;
        } else if (ends_here) {
            y[(INT64)key * width + column] = sum;
        } else {
            tails[item] = sum;
        }
    }
}

// Joins the parts of runs that cross shares, in order.   Any launch size; a thread follows the run that begins in its share and goes on.
KERNEL(256) scatter_join(IN(int, keys), int count, int width, int share, IN(float, heads), IN(float, tails), OUT(float, y))
{
    DATA_IN(int, keys);
    DATA_IN(float, heads);
    DATA_IN(float, tails);
    DATA_OUT(float, y);
    INT64 items = ((INT64)count + share - 1) / share * width;
    for (INT64 item = GLOBAL_ID; item < items; item += GLOBAL_SIZE) {
        INT64 number = hk_quotient(item, width);
        INT64 begin = number * share;
        INT64 end = begin + share;
        if (end >= count) {
            continue;
        }
        int key = keys[end - 1];
        if (keys[end] != key || (begin > 0 && keys[begin - 1] == key)) {
            continue;
        }
        float sum = tails[item];
        INT64 at = item;
        do {
            at += width;
            sum += heads[at];
            end += share;
        } while (end < count && keys[end] == key);
        y[(INT64)key * width + (item - number * width)] = sum;
    }
}
