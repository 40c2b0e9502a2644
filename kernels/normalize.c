// Normalisation of dense [outer, groups, channels, inner] over channels and inner elements of an (outer, group), or over all of a group.
// What a statistic is taken over is a line of lib/lines.h; width threads walk along it. Few long lines are cut into pieces, which a second
// launch joins and a third applies. Launch, unless said otherwise: a group per 256 / width lines, for each of the pieces.
#include "lib/lines.h"

// As GpuBackend.Normalize.cs lays it out.
typedef struct {
    int outer;
    int groups;
    int channels;
    int inner;
    int across_outer;
    int centred;
    float epsilon;
    // Outer steps that share one set of gains and biases.
    int per_set;
    INT64 gain_stride;
    INT64 bias_stride;
} NORMALIZE_SIZES;

// Where an element lies, and its gain and bias: number channel of a set.
typedef struct {
    INT64 at;
    INT64 set;
    INT64 channel;
    INT64 statistic;
} ELEMENT;

DEVICE INT64 statistic_size(const NORMALIZE_SIZES *sizes)
{
    return (sizes->across_outer ? (INT64)sizes->outer : 1) * sizes->channels * sizes->inner;
}

DEVICE INT64 statistic_count(const NORMALIZE_SIZES *sizes)
{
    return sizes->across_outer ? (INT64)sizes->groups : (INT64)sizes->outer * sizes->groups;
}

// Without inner elements, groups across all outer steps lie beside one another.
DEVICE int side_by_side(const NORMALIZE_SIZES *sizes) { return sizes->across_outer && sizes->inner == 1; }

// Element i of a statistic.
DEVICE ELEMENT element_of(const NORMALIZE_SIZES *sizes, INT64 statistic, INT64 i)
{
    ELEMENT element;
    INT64 step = sizes->inner == 1 ? i : hk_quotient(i, sizes->inner);
    INT64 outer = sizes->across_outer ? step : hk_quotient(statistic, sizes->groups);
    element.statistic = statistic;
    element.set = hk_quotient(outer, sizes->per_set);
    element.channel = sizes->across_outer ? statistic : (statistic - outer * sizes->groups) * sizes->channels + step;
    element.at = sizes->across_outer
        ? (step * sizes->groups + statistic) * sizes->inner + (i - step * sizes->inner)
        : statistic * sizes->channels * sizes->inner + i;
    return element;
}

// The element at a place of the dense array.
DEVICE ELEMENT element_at(const NORMALIZE_SIZES *sizes, INT64 at)
{
    ELEMENT element;
    int channels = sizes->groups * sizes->channels;
    INT64 row = sizes->inner == 1 ? at : hk_quotient(at, sizes->inner);
    INT64 outer = hk_quotient(row, channels);
    element.at = at;
    element.set = hk_quotient(outer, sizes->per_set);
    element.channel = row - outer * channels;
    INT64 group = hk_quotient(element.channel, sizes->channels);
    element.statistic = sizes->across_outer ? group : outer * sizes->groups + group;
    return element;
}

DEVICE float scale_of(float variance, float epsilon) { return 1.0f / SQRT(variance + epsilon); }

DEVICE float gain_of(const NORMALIZE_SIZES *sizes, ELEMENT element, GLOBAL const float *gain, int has_gain)
{
    return has_gain ? gain[element.set * sizes->gain_stride + element.channel] : 1.0f;
}

DEVICE float normal_of(const NORMALIZE_SIZES *sizes, ELEMENT element, float x, float mean, float scale,
    GLOBAL const float *gain, int has_gain, GLOBAL const float *bias, int has_bias)
{
    float shift = has_bias ? bias[element.set * sizes->bias_stride + element.channel] : 0.0f;
    return FMA((x - mean) * scale, gain_of(sizes, element, gain, has_gain), shift);
}

// Mean (or 0) and sum of squared deviations of elements begin to end of a line.
DEVICE float line_moments(LOCAL_PTR float *scratch, LINE line, const NORMALIZE_SIZES *sizes, GLOBAL const float *x, INT64 begin, INT64 end, float *squares)
{
    int active = line.line < statistic_count(sizes);
    float mean = 0.0f;
    if (sizes->centred) {
        float sum = 0.0f;
        for (INT64 i = begin + line.lane; active && i < end; i += line.width) {
            sum += x[element_of(sizes, line.line, i).at];
        }
        mean = line_sum(scratch, line, sum) / (float)(end - begin);
    }
    float sum = 0.0f;
    for (INT64 i = begin + line.lane; active && i < end; i += line.width) {
        float away = x[element_of(sizes, line.line, i).at] - mean;
        sum = FMA(away, away, sum);
    }
    *squares = line_sum(scratch, line, sum);
    return mean;
}

// y = (x - mean) / sqrt(variance + epsilon) gain + bias, where lines need no pieces.
KERNEL(256) normalize_lines(NORMALIZE_SIZES sizes, int width, IN(float, x), IN(float, gain), IN(float, bias), OUT(float, y), OUT(float, means), OUT(float, variances))
{
    LOCAL float scratch[256];
    DATA_IN(float, x);
    DATA_IN(float, gain);
    DATA_IN(float, bias);
    DATA_OUT(float, y);
    DATA_OUT(float, means);
    DATA_OUT(float, variances);
    LINE line = line_of(GROUP_ID, width, side_by_side(&sizes));
    int active = line.line < statistic_count(&sizes);
    INT64 size = statistic_size(&sizes);
    float variance;
    float mean = line_moments(scratch, line, &sizes, x, 0, size, &variance);
    variance /= (float)size;
    if (active && line.lane == 0) {
        variances[line.line] = variance;
        if (sizes.centred) {
            means[line.line] = mean;
        }
    }
    float scale = scale_of(variance, sizes.epsilon);
    for (INT64 i = line.lane; active && i < size; i += width) {
        ELEMENT element = element_of(&sizes, line.line, i);
        y[element.at] = normal_of(&sizes, element, x[element.at], mean, scale, gain, HAS(gain), bias, HAS(bias));
    }
}

// pairs [statistics, pieces, 2]: mean and sum of squared deviations of each piece.
KERNEL(256) normalize_pieces(NORMALIZE_SIZES sizes, int width, int piece, int pieces, IN(float, x), OUT(float, pairs))
{
    LOCAL float scratch[256];
    DATA_IN(float, x);
    DATA_OUT(float, pairs);
    int number = GROUP_ID % pieces;
    LINE line = line_of(GROUP_ID / pieces, width, side_by_side(&sizes));
    INT64 begin = (INT64)number * piece;
    INT64 size = statistic_size(&sizes);
    float squares;
    float mean = line_moments(scratch, line, &sizes, x, begin, size - begin < piece ? size : begin + piece, &squares);
    if (line.lane == 0 && line.line < statistic_count(&sizes)) {
        INT64 pair = 2 * (line.line * pieces + number);
        pairs[pair] = mean;
        pairs[pair + 1] = squares;
    }
}

// Means and variances from those of the pieces (T. Chan, G. Golub, R. LeVeque, 1983). A group per 256 / width statistics.
KERNEL(256) normalize_join(NORMALIZE_SIZES sizes, int width, int piece, int pieces, IN(float, pairs), OUT(float, means), OUT(float, variances))
{
    LOCAL float scratch[256];
    DATA_IN(float, pairs);
    DATA_OUT(float, means);
    DATA_OUT(float, variances);
    LINE line = line_of(GROUP_ID, width, 0);
    int active = line.line < statistic_count(&sizes);
    INT64 size = statistic_size(&sizes), first = line.line * pieces;
    float sum = 0.0f;
    for (int i = line.lane; active && i < pieces; i += width) {
        INT64 left = size - (INT64)i * piece;
        sum = FMA((float)(left < piece ? left : piece), pairs[2 * (first + i)], sum);
    }
    float mean = line_sum(scratch, line, sum) / (float)size;
    sum = 0.0f;
    for (int i = line.lane; active && i < pieces; i += width) {
        INT64 left = size - (INT64)i * piece;
        float away = pairs[2 * (first + i)] - mean;
        sum += FMA((float)(left < piece ? left : piece) * away, away, pairs[2 * (first + i) + 1]);
    }
    sum = line_sum(scratch, line, sum);
    if (active && line.lane == 0) {
        variances[line.line] = sum / (float)size;
        if (sizes.centred) {
            means[line.line] = mean;
        }
    }
}

// y from known means and variances.   Any launch size, a thread per element.
KERNEL(256) normalize_apply(NORMALIZE_SIZES sizes, INT64 count, IN(float, x), IN(float, gain), IN(float, bias), IN(float, means), IN(float, variances), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(float, gain);
    DATA_IN(float, bias);
    DATA_IN(float, means);
    DATA_IN(float, variances);
    DATA_OUT(float, y);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        ELEMENT element = element_at(&sizes, i);
        float mean = sizes.centred ? means[element.statistic] : 0.0f;
        float scale = scale_of(variances[element.statistic], sizes.epsilon);
        y[i] = normal_of(&sizes, element, x[i], mean, scale, gain, HAS(gain), bias, HAS(bias));
    }
}

// With h = gain dy and r = 1 / sqrt(variance + epsilon):
// dx = r h - r mean(h) - (x - mean) r^3 mean(h (x - mean)); without centring the middle term is absent.
DEVICE float gradient_of(const NORMALIZE_SIZES *sizes, float h, float x, float mean, float scale, float plain, float moment)
{
    float size = (float)statistic_size(sizes);
    float level = sizes->centred ? scale * plain / size : 0.0f;
    float slope = scale * scale * scale * moment / size;
    return h * scale - FMA(x - mean, slope, level);
}

// Sums of h and of h (x - mean) of elements begin to end of a line; scratch is 512 floats.
DEVICE float line_gradients(LOCAL_PTR float *scratch, LINE line, const NORMALIZE_SIZES *sizes, GLOBAL const float *x, GLOBAL const float *gradient,
    GLOBAL const float *gain, int has_gain, float mean, INT64 begin, INT64 end, float *moment)
{
    int active = line.line < statistic_count(sizes);
    float sum = 0.0f, product = 0.0f;
    for (INT64 i = begin + line.lane; active && i < end; i += line.width) {
        ELEMENT element = element_of(sizes, line.line, i);
        float h = gradient[element.at] * gain_of(sizes, element, gain, has_gain);
        sum += h;
        product = FMA(h, x[element.at] - mean, product);
    }
    line_sums(scratch, line, &sum, &product);
    *moment = product;
    return sum;
}

// The gradient with respect to x, where lines need no pieces.
KERNEL(256) normalize_grad_lines(NORMALIZE_SIZES sizes, int width, IN(float, x), IN(float, gain), IN(float, means), IN(float, variances), IN(float, gradient), OUT(float, y))
{
    LOCAL float scratch[512];
    DATA_IN(float, x);
    DATA_IN(float, gain);
    DATA_IN(float, means);
    DATA_IN(float, variances);
    DATA_IN(float, gradient);
    DATA_OUT(float, y);
    LINE line = line_of(GROUP_ID, width, side_by_side(&sizes));
    int active = line.line < statistic_count(&sizes);
    INT64 size = statistic_size(&sizes);
    float mean = active && sizes.centred ? means[line.line] : 0.0f;
    float moment;
    float plain = line_gradients(scratch, line, &sizes, x, gradient, gain, HAS(gain), mean, 0, size, &moment);
    float scale = active ? scale_of(variances[line.line], sizes.epsilon) : 0.0f;
    for (INT64 i = line.lane; active && i < size; i += width) {
        ELEMENT element = element_of(&sizes, line.line, i);
        float h = gradient[element.at] * gain_of(&sizes, element, gain, HAS(gain));
        y[element.at] = gradient_of(&sizes, h, x[element.at], mean, scale, plain, moment);
    }
}

// pairs [statistics, pieces, 2]: the sums of h and h (x - mean) over each piece.
KERNEL(256) normalize_grad_pieces(NORMALIZE_SIZES sizes, int width, int piece, int pieces, IN(float, x), IN(float, gain), IN(float, means), IN(float, gradient), OUT(float, pairs))
{
    LOCAL float scratch[512];
    DATA_IN(float, x);
    DATA_IN(float, gain);
    DATA_IN(float, means);
    DATA_IN(float, gradient);
    DATA_OUT(float, pairs);
    int number = GROUP_ID % pieces;
    LINE line = line_of(GROUP_ID / pieces, width, side_by_side(&sizes));
    int active = line.line < statistic_count(&sizes);
    INT64 begin = (INT64)number * piece;
    INT64 size = statistic_size(&sizes);
    float mean = active && sizes.centred ? means[line.line] : 0.0f;
    float moment;
    float plain = line_gradients(
        scratch, line, &sizes, x, gradient, gain, HAS(gain), mean, begin, size - begin < piece ? size : begin + piece, &moment);
    if (active && line.lane == 0) {
        INT64 pair = 2 * (line.line * pieces + number);
        pairs[pair] = plain;
        pairs[pair + 1] = moment;
    }
}

// first[line step] and second[line step], each where there is one: the sums of pairs [lines, pieces, 2]. A group per 256 / width lines.
KERNEL(256) sum_pairs(INT64 lines, int width, int pieces, IN(float, pairs), int step, OUT(float, first), OUT(float, second))
{
    LOCAL float scratch[512];
    DATA_IN(float, pairs);
    DATA_OUT(float, first);
    DATA_OUT(float, second);
    LINE line = line_of(GROUP_ID, width, 0);
    int active = line.line < lines;
    float one = 0.0f, other = 0.0f;
    for (int i = line.lane; active && i < pieces; i += width) {
        INT64 pair = 2 * (line.line * pieces + i);
        one += pairs[pair];
        other += pairs[pair + 1];
    }
    line_sums(scratch, line, &one, &other);
    if (active && line.lane == 0) {
        if (HAS(first)) {
            first[line.line * step] = one;
        }
        if (HAS(second)) {
            second[line.line * step] = other;
        }
    }
}

// The gradient with respect to x from the sums [statistics, 2] of h and h (x - mean).   Any launch size, a thread per element.
KERNEL(256) normalize_grad_apply(NORMALIZE_SIZES sizes, INT64 count, IN(float, x), IN(float, gain), IN(float, means), IN(float, variances), IN(float, gradient), IN(float, sums), OUT(float, y))
{
    DATA_IN(float, x);
    DATA_IN(float, gain);
    DATA_IN(float, means);
    DATA_IN(float, variances);
    DATA_IN(float, gradient);
    DATA_IN(float, sums);
    DATA_OUT(float, y);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        ELEMENT element = element_at(&sizes, i);
        float mean = sizes.centred ? means[element.statistic] : 0.0f;
        float scale = scale_of(variances[element.statistic], sizes.epsilon);
        float h = gradient[i] * gain_of(&sizes, element, gain, HAS(gain));
        y[i] = gradient_of(&sizes, h, x[i], mean, scale, sums[2 * element.statistic], sums[2 * element.statistic + 1]);
    }
}

// Gradients of gains and biases, each where it is wanted. A line is a channel of a set: per_set outer steps of inner elements.
// Output (line pieces + piece) step takes the sum over a piece: the result itself where there is but one.
KERNEL(256) normalize_grad_parameters(NORMALIZE_SIZES sizes, int width, INT64 lines, int piece, int pieces,
    IN(float, x), IN(float, means), IN(float, variances), IN(float, gradient), int step, OUT(float, gain), OUT(float, bias))
{
    LOCAL float scratch[512];
    DATA_IN(float, x);
    DATA_IN(float, means);
    DATA_IN(float, variances);
    DATA_IN(float, gradient);
    DATA_OUT(float, gain);
    DATA_OUT(float, bias);
    int number = GROUP_ID % pieces;
    LINE line = line_of(GROUP_ID / pieces, width, sizes.inner == 1);
    int channels = sizes.groups * sizes.channels;
    INT64 set = hk_quotient(line.line, channels);
    INT64 channel = line.line - set * channels;
    INT64 group = hk_quotient(channel, sizes.channels);
    INT64 begin = (INT64)number * piece, size = (INT64)sizes.per_set * sizes.inner;
    INT64 end = size - begin < piece ? size : begin + piece;
    float sum = 0.0f, product = 0.0f;
    for (INT64 i = begin + line.lane; line.line < lines && i < end; i += width) {
        INT64 row = sizes.inner == 1 ? i : hk_quotient(i, sizes.inner);
        INT64 outer = set * sizes.per_set + row;
        INT64 at = (outer * channels + channel) * sizes.inner + (i - row * sizes.inner);
        INT64 statistic = sizes.across_outer ? group : outer * sizes.groups + group;
        float mean = sizes.centred ? means[statistic] : 0.0f;
        float dy = gradient[at];
        sum += dy;
        product = FMA(dy, (x[at] - mean) * scale_of(variances[statistic], sizes.epsilon), product);
    }
    line_sums(scratch, line, &sum, &product);
    if (line.line < lines && line.lane == 0) {
        INT64 to = (line.line * pieces + number) * step;
        if (HAS(gain)) {
            gain[to] = product;
        }
        if (HAS(bias)) {
            bias[to] = sum;
        }
    }
}
