// Softmax over the middle axis of dense [outer, length, inner], and cross-entropy. A line is one softmax; width threads walk along it.
// Launch: a group per 256 / width lines.
#include "lib/lines.h"

// Where a line begins.
DEVICE INT64 line_start(INT64 line, int length, int inner)
{
    INT64 outer = inner == 1 ? line : hk_quotient(line, inner);
    return outer * length * inner + (line - outer * inner);
}

// The largest of a line and the sum of e^(x - max).
DEVICE float line_exp_sum(LOCAL_PTR float *scratch, LINE at, GLOBAL const float *x, int length, int inner, int active, float *max)
{
    float most = -HK_INFINITY;
    for (int i = at.lane; active && i < length; i += at.width) {
        most = hk_max(most, x[(INT64)i * inner]);
    }
    most = line_max(scratch, at, most);
    float sum = 0.0f;
    for (int i = at.lane; active && i < length; i += at.width) {
        sum += hk_exp(x[(INT64)i * inner] - most);
    }
    *max = most;
    return line_sum(scratch, at, sum);
}

// y = e^a / sum(e^a) or, if log, a - log(sum(e^a)); y may be a.
KERNEL(256) softmax(int log, int length, int inner, INT64 lines, int width, IN(float, a), OUT(float, y))
{
    LOCAL float scratch[256];
    DATA_IN(float, a);
    DATA_OUT(float, y);
    LINE at = line_of(GROUP_ID, width, inner > 1);
    int active = at.line < lines;
    INT64 start = line_start(at.line, length, inner);
    float max;
    float sum = line_exp_sum(scratch, at, a + start, length, inner, active, &max);
    // Two subtractions: max + log may lose the logarithm where the maximum is large.
    float by = log ? hk_log(sum) : 1.0f / sum;
    for (int i = at.lane; active && i < length; i += width) {
        INT64 place = start + (INT64)i * inner;
        float shifted = a[place] - max;
        y[place] = log ? shifted - by : hk_exp(shifted) * by;
    }
}

// As softmax for lines of up to four elements per thread, which stay in registers: one read, and one exponential per element.
KERNEL(256) softmax_short(int log, int length, int inner, INT64 lines, int width, IN(float, a), OUT(float, y))
{
    LOCAL float scratch[256];
    DATA_IN(float, a);
    DATA_OUT(float, y);
    LINE at = line_of(GROUP_ID, width, inner > 1);
    int active = at.line < lines;
    INT64 start = line_start(at.line, length, inner);
    float values[4];
    float max = -HK_INFINITY;
    UNROLL
    for (int part = 0; part < 4; part++) {
        int i = at.lane + part * width;
        values[part] = active && i < length ? a[start + (INT64)i * inner] : -HK_INFINITY;
        max = hk_max(max, values[part]);
    }
    max = line_max(scratch, at, max);
    float sum = 0.0f;
    UNROLL
    for (int part = 0; part < 4; part++) {
        float shifted = values[part] - max, power = hk_exp(shifted);
        sum += power;
        values[part] = log ? shifted : power;
    }
    sum = line_sum(scratch, at, sum);
    float by = log ? hk_log(sum) : 1.0f / sum;
    UNROLL
    for (int part = 0; part < 4; part++) {
        int i = at.lane + part * width;
        if (active && i < length) {
            y[start + (INT64)i * inner] = log ? values[part] - by : values[part] * by;
        }
    }
}

// y = a (b - sum(a b)) or, if log, b - e^a sum(b), a being the output and b its gradient; y may be a or b.
KERNEL(256) softmax_grad(int log, int length, int inner, INT64 lines, int width, IN(float, a), IN(float, b), OUT(float, y))
{
    LOCAL float scratch[256];
    DATA_IN(float, a);
    DATA_IN(float, b);
    DATA_OUT(float, y);
    LINE at = line_of(GROUP_ID, width, inner > 1);
    int active = at.line < lines;
    INT64 start = line_start(at.line, length, inner);
    float sum = 0.0f;
    for (int i = at.lane; active && i < length; i += width) {
        INT64 place = start + (INT64)i * inner;
        sum = log ? sum + b[place] : FMA(a[place], b[place], sum);
    }
    sum = line_sum(scratch, at, sum);
    for (int i = at.lane; active && i < length; i += width) {
        INT64 place = start + (INT64)i * inner;
        float output = a[place], gradient = b[place];
        y[place] = log ? gradient - hk_exp(output) * sum : output * (gradient - sum);
    }
}

// losses[r] = log(sum over c of e^logits[r, c]) - logits[r, labels[r]]; log_sums [rows, 2] keeps the maximum and the logarithm beside it.
KERNEL(256) cross_entropy(int rows, int classes, int width, IN(float, logits), IN(int, labels), OUT(float, losses), OUT(float, log_sums))
{
    LOCAL float scratch[256];
    DATA_IN(float, logits);
    DATA_IN(int, labels);
    DATA_OUT(float, losses);
    DATA_OUT(float, log_sums);
    LINE at = line_of(GROUP_ID, width, 0);
    int active = at.line < rows;
    INT64 start = at.line * classes;
    float max;
    float log = hk_log(line_exp_sum(scratch, at, logits + start, classes, 1, active, &max));
    if (active && at.lane == 0) {
        // Both parts, and no rounded sum of them: a sure and right answer keeps its small loss, large logits their digits.
        log_sums[2 * at.line] = max;
        log_sums[2 * at.line + 1] = log;
        losses[at.line] = max - logits[start + labels[at.line]] + log;
    }
}

// y[r, c] = gradient[r] (e^(logits[r, c] - log_sums[r, 0] - log_sums[r, 1]) - (1 where c is labels[r])).   Any launch size, a thread per element.
KERNEL(256) cross_entropy_grad(INT64 count, int classes, IN(float, logits), IN(int, labels), IN(float, log_sums), IN(float, gradient), OUT(float, y))
{
    DATA_IN(float, logits);
    DATA_IN(int, labels);
    DATA_IN(float, log_sums);
    DATA_IN(float, gradient);
    DATA_OUT(float, y);
    for (INT64 i = GLOBAL_ID; i < count; i += GLOBAL_SIZE) {
        INT64 row = hk_quotient(i, classes);
        float scale = gradient[row];
        float value = scale * hk_exp(logits[i] - log_sums[2 * row] - log_sums[2 * row + 1]);
        y[i] = i - row * classes == labels[row] ? value - scale : value;
    }
}
