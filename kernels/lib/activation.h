// The functions of the enum Activation, in its order.
#ifndef LIB_ACTIVATION
#define LIB_ACTIVATION
#include "lib/math.h"

#define ACTIVATION_NONE 0
#define ACTIVATION_RELU 1
#define ACTIVATION_LEAKY_RELU 2
#define ACTIVATION_ELU 3
#define ACTIVATION_TANH 4
#define ACTIVATION_SIGMOID 5
#define ACTIVATION_SILU 6
#define ACTIVATION_SOFTPLUS 7
#define ACTIVATION_GELU 8
#define ACTIVATION_GELU_TANH 9
#define ACTIVATION_SINE 10

// The parameter is the slope, the scale or the frequency, where there is one.
DEVICE float hk_activate(int activation, float x, float parameter)
{
    switch (activation) {
    case ACTIVATION_RELU:
        return hk_max(x, 0.0f);
    case ACTIVATION_LEAKY_RELU:
        return x < 0.0f ? x * parameter : x;
    case ACTIVATION_ELU:
        return x < 0.0f ? hk_expm1(x) * parameter : x;
    case ACTIVATION_TANH:
        return hk_tanh(x);
    case ACTIVATION_SIGMOID:
        return hk_sigmoid(x);
    case ACTIVATION_SILU:
        return x * hk_sigmoid(x);
    case ACTIVATION_SOFTPLUS:
        return hk_softplus(x);
    case ACTIVATION_GELU:
        return hk_gelu(x);
    case ACTIVATION_GELU_TANH:
        return hk_gelu_tanh(x);
    case ACTIVATION_SINE:
        return hk_sin(x * parameter);
    default:
        return x;
    }
}

#endif
