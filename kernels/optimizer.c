// Optimiser steps over up to eight tensors in one launch, with the arithmetic of Backends/Cpu/CpuBackend.Optimizer.cs.
#define TARGETS 8
// Four elements for each thread of a group.
#define TARGET_PIECE 1024

// What differs between targets, by number; laid out as OptimizerTable of GpuBackend.Optimizer.cs.
typedef struct {
    INT64 counts[TARGETS];
    // The group that begins a target; its pieces follow one another.
    int first_groups[TARGETS];
    // Whether all that a target has lies at multiples of 16 bytes.
    int fours[TARGETS];
    float rates[TARGETS];
    float decays[TARGETS];
    float shrinks[TARGETS];
    float root_scales[TARGETS];
} OPTIMIZER_TABLE;

typedef struct {
    int rule;
    float beta1;
    float rest1;
    float beta2;
    float rest2;
    float epsilon;
    int nesterov;
} OPTIMIZER_STEP;

typedef struct {
    float rate;
    float decay;
    float shrink;
    float root_scale;
} RATES;

// One step of a rule for one element: 0 momentum, 1 Adam, 2 running average. The formulas stand in IBackend.Optimizer.cs.
DEVICE void update(const OPTIMIZER_STEP *step, RATES rates, int has_first, float *value, float gradient, float *first, float *second)
{
    float p = *value, g = gradient;
    if (step->rule == 2) {
        *value = FMA(step->rest1, g - p, p);
    } else if (step->rule == 1) {
        p *= rates.shrink;
        g = FMA(rates.decay, p, g);
        float m = FMA(step->rest1, g - *first, *first);
        float v = FMA(step->rest2 * g, g, step->beta2 * *second);
        *value = FMA(-rates.rate, m / FMA(SQRT(v), rates.root_scale, step->epsilon), p);
        *first = m;
        *second = v;
    } else {
        g = FMA(rates.decay, p, g);
        if (has_first) {
            *first = FMA(step->beta1, *first, g);
            g = step->nesterov ? FMA(step->beta1, *first, g) : *first;
        }
        *value = FMA(-rates.rate, g, p);
    }
}

DEVICE FLOAT4 pack(const float *values)
{
    FLOAT4 four;
    four.x = values[0];
    four.y = values[1];
    four.z = values[2];
    four.w = values[3];
    return four;
}

#define TARGET(n) OUT(float, value##n), IN(float, gradient##n), OUT(float, first##n), OUT(float, second##n)
#define OPEN(n) \
    DATA_OUT(float, value##n); \
    DATA_IN(float, gradient##n); \
    DATA_OUT(float, first##n); \
    DATA_OUT(float, second##n)
#define CHOOSE(n) \
    if (table.first_groups[n] <= GROUP_ID) { \
        OPEN(n); \
        target = n; \
        value = value##n; \
        gradient = gradient##n; \
        first = first##n; \
        second = second##n; \
        has_first = HAS(first##n); \
        has_second = HAS(second##n); \
    }

// Launch: a group per piece of 1024 elements of each target; targets without elements have none.
KERNEL(256) optimize(OPTIMIZER_STEP step, OPTIMIZER_TABLE table,
    TARGET(0), TARGET(1), TARGET(2), TARGET(3), TARGET(4), TARGET(5), TARGET(6), TARGET(7))
{
    // The last target that begins at or before this group.
    OPEN(0);
    GLOBAL float *value = value0;
    GLOBAL const float *gradient = gradient0;
    GLOBAL float *first = first0;
    GLOBAL float *second = second0;
    int target = 0, has_first = HAS(first0), has_second = HAS(second0);
    CHOOSE(1)
    CHOOSE(2)
    CHOOSE(3)
    CHOOSE(4)
    CHOOSE(5)
    CHOOSE(6)
    CHOOSE(7)
    RATES rates;
    rates.rate = table.rates[target];
    rates.decay = table.decays[target];
    rates.shrink = table.shrinks[target];
    rates.root_scale = table.root_scales[target];
    INT64 start = (INT64)(GROUP_ID - table.first_groups[target]) * TARGET_PIECE + 4 * LOCAL_ID;
    INT64 count = table.counts[target];
    if (table.fours[target] && start + 4 <= count) {
        FLOAT4 p = LOAD4(value + start), g = LOAD4(gradient + start), m = p, v = p;
        if (has_first) {
            m = LOAD4(first + start);
        }
        if (has_second) {
            v = LOAD4(second + start);
        }
        float values[4] = {p.x, p.y, p.z, p.w};
        float gradients[4] = {g.x, g.y, g.z, g.w};
        float firsts[4] = {m.x, m.y, m.z, m.w};
        float seconds[4] = {v.x, v.y, v.z, v.w};
        UNROLL
        for (int i = 0; i < 4; i++) {
            update(&step, rates, has_first, &values[i], gradients[i], &firsts[i], &seconds[i]);
        }
        STORE4(value + start, pack(values));
        if (has_first) {
            STORE4(first + start, pack(firsts));
        }
        if (has_second) {
            STORE4(second + start, pack(seconds));
        }
    } else {
        for (INT64 i = start; i < start + 4 && i < count; i++) {
            float p = value[i], m = has_first ? first[i] : 0.0f, v = has_second ? second[i] : 0.0f;
            update(&step, rates, has_first, &p, gradient[i], &m, &v);
            value[i] = p;
            if (has_first) {
                first[i] = m;
            }
            if (has_second) {
                second[i] = v;
            }
        }
    }
}
