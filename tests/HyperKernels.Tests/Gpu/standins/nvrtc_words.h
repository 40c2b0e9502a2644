// The words that NVRTC knows by itself, as far as the dialect uses them, for a C++ compiler that does not: nothing is run.
#include <math.h>
#define __global__
#define __device__
#define __shared__ static
#define __launch_bounds__(size)
struct hk_dim3 { unsigned x, y, z; };
static const hk_dim3 threadIdx = {}, blockIdx = {}, blockDim = { 1, 1, 1 }, gridDim = { 1, 1, 1 };
struct float4 { float x, y, z, w; };
inline void __syncthreads() {}
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fsqrt_rn(float x) { return sqrtf(x); }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned)(((unsigned long long)a * b) >> 32); }
inline int __float_as_int(float x) { int y; __builtin_memcpy(&y, &x, 4); return y; }
inline float __int_as_float(int x) { float y; __builtin_memcpy(&y, &x, 4); return y; }
