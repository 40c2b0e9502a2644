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

DEVICE void read_lanes(GLOBAL const float *from, int whole, int lanes, float *to)
{
    if (whole) {
        FLOAT4 four = LOAD4(from);
        to[0] = four.x;
        to[1] = four.y;
        to[2] = four.z;
        to[3] = four.w;
    } else {
        UNROLL
        for (int i = 0; i < 4; i++) {
            to[i] = i < lanes ? from[i] : 0.0f;
        }
    }
}

DEVICE void write_lanes(GLOBAL float *to, int whole, int lanes, const float *from)
{
    if (whole) {
        FLOAT4 four;
        four.x = from[0];
        four.y = from[1];
        four.z = from[2];
        four.w = from[3];
        STORE4(to, four);
    } else {
        UNROLL
        for (int i = 0; i < 4; i++) {
            if (i < lanes) {
                to[i] = from[i];
            }
        }
    }
}

#define TARGET(n) OUT(float, value##n), IN(float, gradient##n), OUT(float, first##n), OUT(float, second##n)
#define CHOOSE(n) \
    if (target == n) { \
        DATA_OUT(float, value##n); \
        DATA_IN(float, gradient##n); \
        DATA_OUT(float, first##n); \
        DATA_OUT(float, second##n); \
        value = value##n; \
        gradient = gradient##n; \
        first = first##n; \
        second = second##n; \
        has_first = HAS(first##n); \
    }

// One step of a rule: 0 momentum, 1 Adam, 2 running average. The formulas stand in IBackend.Optimizer.cs.
// Launch: a group per piece of 1024 elements of each target; targets without elements have none.
KERNEL(256) optimize(OPTIMIZER_STEP step, OPTIMIZER_TABLE table,
    TARGET(0), TARGET(1), TARGET(2), TARGET(3), TARGET(4), TARGET(5), TARGET(6), TARGET(7))
{
    GLOBAL float *value = 0;
    GLOBAL const float *gradient = 0;
    GLOBAL float *first = 0;
    GLOBAL float *second = 0;
    int has_first = 0, target = 0;
    UNROLL
    for (int i = 1; i < TARGETS; i++) {
        target = table.first_groups[i] <= GROUP_ID ? i : target;
    }
    CHOOSE(0)
    CHOOSE(1)
    CHOOSE(2)
    CHOOSE(3)
    CHOOSE(4)
    CHOOSE(5)
    CHOOSE(6)
    CHOOSE(7)
    INT64 start = (INT64)(GROUP_ID - table.first_groups[target]) * TARGET_PIECE + 4 * LOCAL_ID;
    INT64 left = table.counts[target] - start;
    if (left > 0) {
        int lanes = left < 4 ? (int)left : 4;
        int whole = lanes == 4 && table.fours[target] != 0;
        float decay = table.decays[target], rate = -table.rates[target];
        float p[4], g[4], m[4], v[4];
        read_lanes(value + start, whole, lanes, p);
        read_lanes(gradient + start, whole, lanes, g);
        if (step.rule == 2) {
            UNROLL
            for (int i = 0; i < 4; i++) {
                p[i] = FMA(step.rest1, g[i] - p[i], p[i]);
            }
        } else if (step.rule == 1) {
            float shrink = table.shrinks[target], root_scale = table.root_scales[target];
            read_lanes(first + start, whole, lanes, m);
            read_lanes(second + start, whole, lanes, v);
            UNROLL
            for (int i = 0; i < 4; i++) {
                p[i] *= shrink;
                g[i] = FMA(decay, p[i], g[i]);
                m[i] = FMA(step.rest1, g[i] - m[i], m[i]);
                v[i] = FMA(step.rest2 * g[i], g[i], step.beta2 * v[i]);
                p[i] = FMA(rate, m[i] / FMA(SQRT(v[i]), root_scale, step.epsilon), p[i]);
            }
            write_lanes(first + start, whole, lanes, m);
            write_lanes(second + start, whole, lanes, v);
        } else {
            UNROLL
            for (int i = 0; i < 4; i++) {
                g[i] = FMA(decay, p[i], g[i]);
            }
            if (has_first) {
                read_lanes(first + start, whole, lanes, m);
                UNROLL
                for (int i = 0; i < 4; i++) {
                    m[i] = FMA(step.beta1, m[i], g[i]);
                    g[i] = step.nesterov ? FMA(step.beta1, m[i], g[i]) : m[i];
                }
                write_lanes(first + start, whole, lanes, m);
            }
            UNROLL
            for (int i = 0; i < 4; i++) {
                p[i] = FMA(rate, g[i], p[i]);
            }
        }
        write_lanes(value + start, whole, lanes, p);
    }
}
