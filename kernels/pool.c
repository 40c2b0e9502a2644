// Pooling over windows, and drawing planes at another size. The adjoints ask, for each pixel, which windows it belongs to, so that
// nothing is added by two threads and sums run in the windows' order. A launch takes less than 2^31 elements: backends cut planes off.
#include "lib/divide.h"

// Laid out as Backends/IBackend.Pool.cs, whose bool is one byte.
typedef struct {
    int planes;
    int height;
    int width;
    int out_height;
    int out_width;
    int kernel_h;
    int kernel_w;
    int stride_h;
    int stride_w;
    int padding_h;
    int padding_w;
    char adaptive;
} POOL_SIZES;

// What the sizes are divided by.
typedef struct {
    DIVISOR height;
    DIVISOR width;
    DIVISOR out_height;
    DIVISOR out_width;
} POOL_DIVISORS;

// A window along one axis: pixels first to last - 1, of a window that begins at origin (in the padding, perhaps) and has length places.
typedef struct {
    int first;
    int last;
    int origin;
    int length;
} POOL_SPAN;

DEVICE POOL_SPAN pool_span(int adaptive, int at, int size, int out_size, int kernel_size, int stride, int padding)
{
    POOL_SPAN span;
    if (adaptive) {
        span.first = (int)((INT64)at * size / out_size);
        span.last = (int)((((INT64)at + 1) * size + out_size - 1) / out_size);
        span.origin = span.first;
        span.length = span.last - span.first;
    } else {
        span.origin = at * stride - padding;
        span.first = span.origin > 0 ? span.origin : 0;
        span.last = span.origin + kernel_size < size ? span.origin + kernel_size : size;
        span.length = kernel_size;
    }
    return span;
}

DEVICE POOL_SPAN pool_rows(const POOL_SIZES *s, int p)
{
    return pool_span(s->adaptive, p, s->height, s->out_height, s->kernel_h, s->stride_h, s->padding_h);
}

DEVICE POOL_SPAN pool_columns(const POOL_SIZES *s, int q)
{
    return pool_span(s->adaptive, q, s->width, s->out_width, s->kernel_w, s->stride_w, s->padding_w);
}

// The windows that a pixel may lie in along one axis: first to last - 1.
DEVICE POOL_SPAN pool_windows(int adaptive, int at, int size, int out_size, int kernel_size, int stride, int padding)
{
    POOL_SPAN span;
    if (adaptive) {
        span.first = (int)((INT64)at * out_size / size);
        span.last = (int)((((INT64)at + 1) * out_size + size - 1) / size);
    } else {
        int reach = at + padding - kernel_size + stride;
        span.first = reach > 0 ? reach / stride : 0;
        span.last = (at + padding) / stride + 1;
        span.last = span.last < out_size ? span.last : out_size;
    }
    span.origin = 0;
    span.length = 0;
    return span;
}

// Element i of planes of height x width.
typedef struct {
    INT64 plane;
    int row;
    int column;
} POOL_PLACE;

DEVICE POOL_PLACE pool_place(int i, DIVISOR by_height, int height, DIVISOR by_width, int width)
{
    POOL_PLACE place;
    int row = divide(i, by_width);
    place.plane = divide(row, by_height);
    place.row = (int)(row - place.plane * height);
    place.column = i - row * width;
    return place;
}

// y[w] = the largest of window w, NaN being larger than all; places[w], where given, its position in the window.
// One thread per window. Any launch size.
KERNEL(256) pool_max(POOL_SIZES s, POOL_DIVISORS by, int count, IN(float, x), OUT(float, y), OUT(float, places))
{
    DATA_IN(float, x);
    DATA_OUT(float, y);
    DATA_OUT(float, places);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE window = pool_place(i, by.out_height, s.out_height, by.out_width, s.out_width);
        POOL_SPAN down = pool_rows(&s, window.row);
        POOL_SPAN across = pool_columns(&s, window.column);
        GLOBAL const float *pixels = x + window.plane * s.height * s.width;
        int best_r = down.first, best_c = across.first;
        float best = pixels[best_r * s.width + best_c];
        for (int r = down.first; r < down.last; r++) {
            for (int c = across.first; c < across.last; c++) {
                float value = pixels[r * s.width + c];
                if (value > best || value != value) {
                    best = value;
                    best_r = r;
                    best_c = c;
                }
            }
        }
        y[i] = best;
        if (HAS(places)) {
            places[i] = (float)((best_r - down.origin) * across.length + best_c - across.origin);
        }
    }
}

// y[w] = what stands at window w's place.   One thread per window. Any launch size.
KERNEL(256) pool_max_gather(POOL_SIZES s, POOL_DIVISORS by, int count, IN(float, x), IN(float, places), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(float, places);
    DATA_OUT(float, y);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE window = pool_place(i, by.out_height, s.out_height, by.out_width, s.out_width);
        POOL_SPAN down = pool_rows(&s, window.row);
        POOL_SPAN across = pool_columns(&s, window.column);
        int place = (int)places[i];
        int r = place / across.length;
        y[i] = x[(window.plane * s.height + down.origin + r) * s.width + across.origin + place - r * across.length];
    }
}

// y[w] = the mean of window w, padding counted as zeros.   One thread per window. Any launch size.
KERNEL(256) pool_average(POOL_SIZES s, POOL_DIVISORS by, int count, IN(float, x), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_OUT(float, y);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE window = pool_place(i, by.out_height, s.out_height, by.out_width, s.out_width);
        POOL_SPAN down = pool_rows(&s, window.row);
        POOL_SPAN across = pool_columns(&s, window.column);
        GLOBAL const float *pixels = x + window.plane * s.height * s.width;
        float sum = 0;
        for (int r = down.first; r < down.last; r++) {
            for (int c = across.first; c < across.last; c++) {
                sum += pixels[r * s.width + c];
            }
        }
        y[i] = sum * (1.0f / (float)(down.length * across.length));
    }
}

// x[pixel] = the sum of y over the windows whose place it is (scatter), or of every window's share of y over the windows it lies in.
// One thread per pixel. Any launch size.
KERNEL(256) pool_adjoint(POOL_SIZES s, POOL_DIVISORS by, int scatter, int count, IN(float, y), IN(float, places), OUT(float, x))
{
    DATA_IN(float, y);
    DATA_IN(float, places);
    DATA_OUT(float, x);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE pixel = pool_place(i, by.height, s.height, by.width, s.width);
        POOL_SPAN rows = pool_windows(s.adaptive, pixel.row, s.height, s.out_height, s.kernel_h, s.stride_h, s.padding_h);
        POOL_SPAN columns = pool_windows(s.adaptive, pixel.column, s.width, s.out_width, s.kernel_w, s.stride_w, s.padding_w);
        float sum = 0;
        for (int p = rows.first; p < rows.last; p++) {
            POOL_SPAN down = pool_rows(&s, p);
            for (int q = columns.first; q < columns.last; q++) {
                POOL_SPAN across = pool_columns(&s, q);
                INT64 window = (pixel.plane * s.out_height + p) * s.out_width + q;
                if (!scatter) {
                    sum += y[window] * (1.0f / (float)(down.length * across.length));
                } else if ((int)places[window] == (pixel.row - down.origin) * across.length + pixel.column - across.origin) {
                    sum += y[window];
                }
            }
        }
        x[i] = sum;
    }
}

// Where a drawn pixel comes from along one axis: two positions and the share of the second.
typedef struct {
    int first;
    int second;
    float share;
} RESIZE_SOURCE;

// mode as ResizeMode: 0 nearest, 1 bilinear, 2 bilinear with corners kept. The place is a ratio of whole numbers, so that it is exact.
DEVICE RESIZE_SOURCE resize_source(int mode, int at, int size, int out_size)
{
    INT64 above = mode == 0 ? (INT64)at * size : mode == 1 ? (2 * (INT64)at + 1) * size - out_size : (INT64)at * (size - 1);
    INT64 below = mode == 0 ? out_size : mode == 1 ? 2 * (INT64)out_size : out_size - 1;
    RESIZE_SOURCE source;
    above = above > 0 && below > 0 ? above : 0;
    below = below > 0 ? below : 1;
    source.first = (int)(above / below);
    source.first = source.first < size - 1 ? source.first : size - 1;
    source.second = mode == 0 || source.first == size - 1 ? source.first : source.first + 1;
    source.share = mode == 0 ? 0.0f : (float)(above - (INT64)source.first * below) / (float)below;
    return source;
}

// The drawn positions that may come from a pixel, with one to spare at both ends: first to last - 1.
DEVICE POOL_SPAN resize_targets(int mode, int at, int size, int out_size)
{
    POOL_SPAN span;
    INT64 first = 0, last = out_size;
    if (mode == 0) {
        first = (INT64)at * out_size / size;
        last = ((INT64)at + 1) * out_size / size + 1;
    } else if (mode == 1) {
        first = (2 * (INT64)at - 1) * out_size / (2 * (INT64)size) - 1;
        last = (2 * (INT64)at + 3) * out_size / (2 * (INT64)size) + 2;
    } else if (size > 1) {
        first = ((INT64)at - 1) * (out_size - 1) / (size - 1) - 1;
        last = ((INT64)at + 1) * (out_size - 1) / (size - 1) + 2;
    }
    span.first = first > 0 ? (int)first : 0;
    span.last = last < out_size ? (int)last : out_size;
    span.origin = 0;
    span.length = 0;
    return span;
}

// y = x drawn at another size.   One thread per drawn pixel. Any launch size.
KERNEL(256) resize(POOL_SIZES s, POOL_DIVISORS by, int mode, int count, IN(float, x), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_OUT(float, y);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE drawn = pool_place(i, by.out_height, s.out_height, by.out_width, s.out_width);
        RESIZE_SOURCE down = resize_source(mode, drawn.row, s.height, s.out_height);
        RESIZE_SOURCE across = resize_source(mode, drawn.column, s.width, s.out_width);
        GLOBAL const float *upper = x + (drawn.plane * s.height + down.first) * s.width;
        GLOBAL const float *lower = x + (drawn.plane * s.height + down.second) * s.width;
        if (mode == 0) {
            y[i] = upper[across.first];
        } else {
            float above = upper[across.first] * (1 - across.share) + upper[across.second] * across.share;
            float under = lower[across.first] * (1 - across.share) + lower[across.second] * across.share;
            y[i] = above * (1 - down.share) + under * down.share;
        }
    }
}

// What of a drawn position comes from a pixel along one axis.
DEVICE float resize_weight(RESIZE_SOURCE source, int at)
{
    return (source.first == at ? 1 - source.share : 0.0f) + (source.second == at ? source.share : 0.0f);
}

// x = the adjoint of resize applied to y.   One thread per pixel of x. Any launch size.
KERNEL(256) resize_adjoint(POOL_SIZES s, POOL_DIVISORS by, int mode, int count, IN(float, y), OUT(float, x))
{
    DATA_IN(float, y);
    DATA_OUT(float, x);
    for (INT64 at = GLOBAL_ID; at < count; at += GLOBAL_SIZE) {
        int i = (int)at;
        POOL_PLACE pixel = pool_place(i, by.height, s.height, by.width, s.width);
        POOL_SPAN rows = resize_targets(mode, pixel.row, s.height, s.out_height);
        POOL_SPAN columns = resize_targets(mode, pixel.column, s.width, s.out_width);
        float sum = 0;
        for (int p = rows.first; p < rows.last; p++) {
            float down = resize_weight(resize_source(mode, p, s.height, s.out_height), pixel.row);
            // A row that has no part in this pixel must not bring in its NaN.
            if (down != 0) {
                for (int q = columns.first; q < columns.last; q++) {
                    float across = resize_weight(resize_source(mode, q, s.width, s.out_width), pixel.column);
                    if (across != 0) {
                        sum += y[(pixel.plane * s.out_height + p) * s.out_width + q] * down * across;
                    }
                }
            }
        }
        x[i] = sum;
    }
}
