// The three products of a convolution y[b, o, p, q] = sum of w[set(b), o, i, r, c] x[b, i, p stride + r dilation - padding, ...], each as one
// matrix product per set of kernels and group of channels, whose patches of images are formed while tiles are filled: nothing is unfolded
// in memory. Per-sample convolution has a set of kernels for each sample. Where a group has few channels on the side of the result, tiles
// would be mostly empty: plain kernels serve there.
#include "lib/divide.h"
#include "lib/reduce.h"
#include "lib/tile.h"

// Laid out as Backends/ConvSizes.cs.
typedef struct {
    int batch;
    int inputs;
    int outputs;
    int height;
    int width;
    int kernel_h;
    int kernel_w;
    int out_height;
    int out_width;
    int stride_h;
    int stride_w;
    int padding_h;
    int padding_w;
    int dilation_h;
    int dilation_w;
    int groups;
    int sets;
    INT64 sample_x;
    INT64 sample_y;
    INT64 set_w;
    INT64 set_bias;
} CONV_SIZES;

// What the sizes are divided by.
typedef struct {
    DIVISOR places;
    DIVISOR kernel_w;
    DIVISOR out_pixels;
    DIVISOR out_width;
    DIVISOR pixels;
    DIVISOR width;
    DIVISOR stride_h;
    DIVISOR stride_w;
    DIVISOR result_pixels;
} CONV_DIVISORS;

// A product result [rows, columns] = left [rows, depth] x right [depth, columns] for each set and group: how far apart these lie, and how the
// result is written: rows line apart; columns count pixels, and after so many of them the next sample begins.
typedef struct {
    int rows;
    int columns;
    int depth;
    int slices;
    int slice_depth;
    int fours_left;
    int fours_result;
    int result_pixels;
    INT64 left_set;
    INT64 left_group;
    INT64 right_set;
    INT64 right_group;
    INT64 result_set;
    INT64 result_group;
    INT64 result_line;
    INT64 result_sample;
    INT64 result_slice;
} CONV_PLAN;

// Pixels n to n + 3 of the output, counted over the samples, at depth d: the pixels of x that meet position d of the kernel.
DEVICE FLOAT4 conv_patch(const CONV_SIZES *s, const CONV_DIVISORS *by, GLOBAL const float *x, int n, int end_n, int d, int end_d)
{
    float four[4] = { 0, 0, 0, 0 };
    if (n < end_n && d < end_d) {
        int places = s->kernel_h * s->kernel_w;
        int channel = divide(d, by->places);
        int place = d - channel * places;
        int r = divide(place, by->kernel_w);
        int pixels = s->out_height * s->out_width;
        int sample = divide(n, by->out_pixels);
        int pixel = n - sample * pixels;
        int p = divide(pixel, by->out_width);
        int q = pixel - p * s->out_width;
        int down = r * s->dilation_h - s->padding_h;
        int across = (place - r * s->kernel_w) * s->dilation_w - s->padding_w;
        x += (INT64)channel * s->height * s->width;
        UNROLL
        for (int i = 0; i < 4; i++) {
            int h = p * s->stride_h + down;
            int c = q * s->stride_w + across;
            if (n + i < end_n && h >= 0 && h < s->height && c >= 0 && c < s->width) {
                four[i] = x[sample * s->sample_x + h * s->width + c];
            }
            q++;
            if (q == s->out_width) {
                q = 0;
                p++;
            }
            if (p == s->out_height) {
                p = 0;
                sample++;
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// The output position that meets an input position through a kernel's place; -1 if none does.
DEVICE int conv_meeting(int at, int place, int stride, DIVISOR by_stride, int padding, int dilation, int out_size)
{
    int reach = at + padding - place * dilation;
    int position = divide(reach > 0 ? reach : 0, by_stride);
    return reach >= 0 && position * stride == reach && position < out_size ? position : -1;
}

// Pixels n to n + 3 of the input, counted over the samples, at depth k = (output channel, place): the pixels of y that they went to.
DEVICE FLOAT4 conv_spread(const CONV_SIZES *s, const CONV_DIVISORS *by, GLOBAL const float *y, int n, int end_n, int k, int end_k)
{
    float four[4] = { 0, 0, 0, 0 };
    if (n < end_n && k < end_k) {
        int places = s->kernel_h * s->kernel_w;
        int channel = divide(k, by->places);
        int place = k - channel * places;
        int r = divide(place, by->kernel_w);
        int c = place - r * s->kernel_w;
        int pixels = s->height * s->width;
        int sample = divide(n, by->pixels);
        int pixel = n - sample * pixels;
        int h = divide(pixel, by->width);
        int v = pixel - h * s->width;
        y += (INT64)channel * s->out_height * s->out_width;
        UNROLL
        for (int i = 0; i < 4; i++) {
            int p = conv_meeting(h, r, s->stride_h, by->stride_h, s->padding_h, s->dilation_h, s->out_height);
            int q = conv_meeting(v, c, s->stride_w, by->stride_w, s->padding_w, s->dilation_w, s->out_width);
            if (n + i < end_n && p >= 0 && q >= 0) {
                four[i] = y[sample * s->sample_y + p * s->out_width + q];
            }
            v++;
            if (v == s->width) {
                v = 0;
                h++;
            }
            if (h == s->height) {
                h = 0;
                sample++;
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// Weights of input channel i at depths k to k + 3, k = (output channel, place).
DEVICE FLOAT4 conv_turned(const CONV_SIZES *s, const CONV_DIVISORS *by, GLOBAL const float *w, int i, int inputs, int k, int end_k)
{
    float four[4] = { 0, 0, 0, 0 };
    if (i < inputs && k < end_k) {
        int places = s->kernel_h * s->kernel_w;
        int output = divide(k, by->places);
        int place = k - output * places;
        UNROLL
        for (int j = 0; j < 4; j++) {
            if (k + j < end_k) {
                four[j] = w[((INT64)output * inputs + i) * places + place];
            }
            place++;
            if (place == places) {
                place = 0;
                output++;
            }
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// Pixels n to n + 3 of a channel of y, counted over the samples. Fours: no four of them lie in two samples.
DEVICE FLOAT4 conv_pixels(const CONV_SIZES *s, const CONV_DIVISORS *by, GLOBAL const float *y, int n, int end_n, int fours)
{
    int pixels = s->out_height * s->out_width;
    int sample = divide(n, by->out_pixels);
    int pixel = n - sample * pixels;
    if (fours) {
        return tile_get(y + sample * s->sample_y + pixel, 1, end_n - n, 1);
    }
    float four[4] = { 0, 0, 0, 0 };
    UNROLL
    for (int i = 0; i < 4; i++) {
        if (n + i < end_n) {
            four[i] = y[sample * s->sample_y + pixel];
        }
        pixel++;
        if (pixel == pixels) {
            pixel = 0;
            sample++;
        }
    }
    return tile_four(four[0], four[1], four[2], four[3]);
}

// Columns n to n + 3 of a row of the result.
DEVICE void conv_set(const CONV_PLAN *plan, const CONV_DIVISORS *by, GLOBAL float *to, int n, FLOAT4 value)
{
    int sample = divide(n, by->result_pixels);
    int pixel = n - sample * plan->result_pixels;
    if (plan->fours_result) {
        tile_set(to + sample * plan->result_sample + pixel, plan->columns - n, 1, value);
        return;
    }
    float four[4];
    four[0] = value.x;
    four[1] = value.y;
    four[2] = value.z;
    four[3] = value.w;
    UNROLL
    for (int i = 0; i < 4; i++) {
        if (n + i < plan->columns) {
            to[sample * plan->result_sample + pixel] = four[i];
        }
        pixel++;
        if (pixel == plan->result_pixels) {
            pixel = 0;
            sample++;
        }
    }
}

// One group per tile of the result, per slice of the depth, per set and group of channels.
#define CONV_TILED(name, side, parts, GET_LEFT, GET_RIGHT, deep_right) \
    KERNEL((side) * (side)) name( \
        CONV_SIZES s, CONV_DIVISORS by, CONV_PLAN plan, IN(float, left), IN(float, right), IN(float, bias), OUT(float, result)) \
    { \
        TILE_DECLARE(side, parts) \
        DATA_IN(float, left); \
        DATA_IN(float, right); \
        DATA_IN(float, bias); \
        DATA_OUT(float, result); \
        TILE_PLACE place = tile_place(plan.rows, plan.columns, plan.slices, TILE_SIZE(side, parts)); \
        int set = place.matrix / s.groups; \
        int group = place.matrix - set * s.groups; \
        int first_k = place.slice * plan.slice_depth; \
        int end_k = plan.depth - first_k < plan.slice_depth ? plan.depth : first_k + plan.slice_depth; \
        left += set * plan.left_set + group * plan.left_group; \
        right += set * plan.right_set + group * plan.right_group; \
        bias += set * s.set_bias + (INT64)group * plan.rows; \
        result += set * plan.result_set + group * plan.result_group + place.slice * plan.result_slice; \
        TILE_PRODUCT(side, parts, first_k, end_k, GET_LEFT, 1, GET_RIGHT, deep_right) \
        UNROLL \
        for (int i = 0; i < 4 * (parts); i++) { \
            int row = place.row + TILE_ROW(side, i / 4) + i % 4; \
            float offset = HAS(bias) && row < plan.rows ? bias[row] : 0.0f; \
            UNROLL \
            for (int part = 0; part < (parts); part++) { \
                int column = place.column + TILE_COLUMN(side, part); \
                FLOAT4 value = TILE_SUMS(i, part); \
                value.x += offset; \
                value.y += offset; \
                value.z += offset; \
                value.w += offset; \
                if (row < plan.rows && column < plan.columns) { \
                    conv_set(&plan, &by, result + row * plan.result_line, column, value); \
                } \
            } \
        } \
    }

// y [output channels, pixels] = w [output channels, depth] x patches of x.
#define FORWARD_LEFT(line, k) \
    tile_get(left + (INT64)(place.row + (line)) * plan.depth + (k), 1, place.row + (line) < plan.rows ? end_k - (k) : 0, plan.fours_left)
#define FORWARD_RIGHT(line, k) conv_patch(&s, &by, right, place.column + (line), plan.columns, k, end_k)
CONV_TILED(conv_forward_32, 8, 1, FORWARD_LEFT, FORWARD_RIGHT, 0)
CONV_TILED(conv_forward_64, 16, 1, FORWARD_LEFT, FORWARD_RIGHT, 0)
CONV_TILED(conv_forward_128, 16, 2, FORWARD_LEFT, FORWARD_RIGHT, 0)

// x [input channels, pixels] = w turned [input channels, output channels and places] x the pixels of y that those of x went to.
#define INPUT_LEFT(line, k) conv_turned(&s, &by, left, place.row + (line), plan.rows, k, end_k)
#define INPUT_RIGHT(line, k) conv_spread(&s, &by, right, place.column + (line), plan.columns, k, end_k)
CONV_TILED(conv_input_32, 8, 1, INPUT_LEFT, INPUT_RIGHT, 0)
CONV_TILED(conv_input_64, 16, 1, INPUT_LEFT, INPUT_RIGHT, 0)
CONV_TILED(conv_input_128, 16, 2, INPUT_LEFT, INPUT_RIGHT, 0)

// w [output channels, depth] = y [output channels, pixels] x patches of x, over the pixels of all samples of the set.
#define KERNEL_LEFT(line, k) \
    conv_pixels(&s, &by, left + (INT64)(place.row + (line)) * s.out_height * s.out_width, k, place.row + (line) < plan.rows ? end_k : 0, plan.fours_left)
#define KERNEL_RIGHT(line, k) conv_patch(&s, &by, right, k, end_k, place.column + (line), plan.columns)
CONV_TILED(conv_kernel_32, 8, 1, KERNEL_LEFT, KERNEL_RIGHT, 1)
CONV_TILED(conv_kernel_64, 16, 1, KERNEL_LEFT, KERNEL_RIGHT, 1)
CONV_TILED(conv_kernel_128, 16, 2, KERNEL_LEFT, KERNEL_RIGHT, 1)

// Elements of a sample that a group of the plain kernels computes.
#define PLAIN_ELEMENTS 1024

// y, for groups with few output channels: a group takes 1024 elements of a sample.
KERNEL(256) conv_plain_forward(CONV_SIZES s, CONV_DIVISORS by, IN(float, x), IN(float, w), IN(float, bias), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(float, w);
    DATA_IN(float, bias);
    DATA_OUT(float, y);
    int inputs = s.inputs / s.groups;
    int group_outputs = s.outputs / s.groups;
    int places = s.kernel_h * s.kernel_w;
    int pixels = s.out_height * s.out_width;
    int count = s.outputs * pixels;
    int blocks = (count + PLAIN_ELEMENTS - 1) / PLAIN_ELEMENTS;
    int sample = GROUP_ID / blocks;
    int first = (GROUP_ID - sample * blocks) * PLAIN_ELEMENTS;
    int end = count - first < PLAIN_ELEMENTS ? count : first + PLAIN_ELEMENTS;
    int set = sample / (s.batch / s.sets);
    x += sample * s.sample_x;
    y += sample * s.sample_y;
    w += set * s.set_w;
    bias += set * s.set_bias;
    for (int at = first + LOCAL_ID; at < end; at += 256) {
        int output = divide(at, by.out_pixels);
        int pixel = at - output * pixels;
        int p = divide(pixel, by.out_width);
        int q = pixel - p * s.out_width;
        GLOBAL const float *weights = w + (INT64)output * inputs * places;
        GLOBAL const float *from = x + (INT64)(output / group_outputs) * inputs * s.height * s.width;
        float sum = HAS(bias) ? bias[output] : 0.0f;
        for (int i = 0; i < inputs; i++) {
            for (int r = 0; r < s.kernel_h; r++) {
                int h = p * s.stride_h + r * s.dilation_h - s.padding_h;
                if (h >= 0 && h < s.height) {
                    for (int c = 0; c < s.kernel_w; c++) {
                        int v = q * s.stride_w + c * s.dilation_w - s.padding_w;
                        if (v >= 0 && v < s.width) {
                            sum = FMA(weights[r * s.kernel_w + c], from[h * s.width + v], sum);
                        }
                    }
                }
            }
            weights += places;
            from += s.height * s.width;
        }
        y[at] = sum;
    }
}

// x, for groups with few input channels: a group takes 1024 elements of a sample.
KERNEL(256) conv_plain_input(CONV_SIZES s, CONV_DIVISORS by, IN(float, y), IN(float, w), OUT(float, x))
{
    DATA_IN(float, y);
    DATA_IN(float, w);
    DATA_OUT(float, x);
    int inputs = s.inputs / s.groups;
    int outputs = s.outputs / s.groups;
    int places = s.kernel_h * s.kernel_w;
    int pixels = s.height * s.width;
    int count = s.inputs * pixels;
    int blocks = (count + PLAIN_ELEMENTS - 1) / PLAIN_ELEMENTS;
    int sample = GROUP_ID / blocks;
    int first = (GROUP_ID - sample * blocks) * PLAIN_ELEMENTS;
    int end = count - first < PLAIN_ELEMENTS ? count : first + PLAIN_ELEMENTS;
    x += sample * s.sample_x;
    y += sample * s.sample_y;
    w += sample / (s.batch / s.sets) * s.set_w;
    for (int at = first + LOCAL_ID; at < end; at += 256) {
        int input = divide(at, by.pixels);
        int pixel = at - input * pixels;
        int h = divide(pixel, by.width);
        int v = pixel - h * s.width;
        int group = input / inputs;
        GLOBAL const float *weights = w + ((INT64)group * outputs * inputs + input - group * inputs) * places;
        GLOBAL const float *from = y + (INT64)group * outputs * s.out_height * s.out_width;
        float sum = 0;
        for (int o = 0; o < outputs; o++) {
            for (int r = 0; r < s.kernel_h; r++) {
                int p = conv_meeting(h, r, s.stride_h, by.stride_h, s.padding_h, s.dilation_h, s.out_height);
                if (p >= 0) {
                    for (int c = 0; c < s.kernel_w; c++) {
                        int q = conv_meeting(v, c, s.stride_w, by.stride_w, s.padding_w, s.dilation_w, s.out_width);
                        if (q >= 0) {
                            sum = FMA(weights[r * s.kernel_w + c], from[p * s.out_width + q], sum);
                        }
                    }
                }
            }
            weights += (INT64)inputs * places;
            from += s.out_height * s.out_width;
        }
        x[at] = sum;
    }
}

// w, a group per element, its threads striding over the pixels of the set's samples. For groups with few output channels.
KERNEL(256) conv_plain_kernel(CONV_SIZES s, CONV_DIVISORS by, IN(float, x), IN(float, y), OUT(float, w))
{
    LOCAL float scratch[REDUCE_SCRATCH];
    DATA_IN(float, x);
    DATA_IN(float, y);
    DATA_OUT(float, w);
    int inputs = s.inputs / s.groups;
    int samples = s.batch / s.sets;
    int pixels = s.out_height * s.out_width;
    int c = GROUP_ID % s.kernel_w;
    int rest = GROUP_ID / s.kernel_w;
    int r = rest % s.kernel_h;
    rest /= s.kernel_h;
    int input = rest % inputs;
    rest /= inputs;
    int output = rest % s.outputs;
    int set = rest / s.outputs;
    int group = output / (s.outputs / s.groups);
    x += set * samples * s.sample_x + (INT64)(group * inputs + input) * s.height * s.width;
    y += set * samples * s.sample_y + (INT64)output * pixels;
    float sum = 0;
    for (int n = LOCAL_ID; n < samples * pixels; n += 256) {
        int sample = divide(n, by.out_pixels);
        int pixel = n - sample * pixels;
        int p = divide(pixel, by.out_width);
        int h = p * s.stride_h + r * s.dilation_h - s.padding_h;
        int v = (pixel - p * s.out_width) * s.stride_w + c * s.dilation_w - s.padding_w;
        if (h >= 0 && h < s.height && v >= 0 && v < s.width) {
            sum = FMA(y[sample * s.sample_y + pixel], x[sample * s.sample_x + h * s.width + v], sum);
        }
    }
    sum = group_sum(scratch, sum);
    if (LOCAL_ID == 0) {
        w[set * s.set_w + (((INT64)output * inputs + input) * s.kernel_h + r) * s.kernel_w + c] = sum;
    }
}
