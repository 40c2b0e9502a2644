// The dialect in plain C11, for a compiler's warnings alone: one thread, nothing is run.
#include <math.h>
#include <stdint.h>
#include <string.h>
#define KERNEL(size) void
#define DEVICE static inline __attribute__((unused))
#define GLOBAL
#define LOCAL static
// Before the type of a pointer into local memory, in a DEVICE function's parameters.
#define LOCAL_PTR
#define RESTRICT restrict

typedef int64_t INT64;
typedef uint64_t UINT64;
typedef uint32_t UINT;

#define IN(type, name) const type *name##_memory, INT64 name##_offset
#define OUT(type, name) type *name##_memory, INT64 name##_offset
#define DATA_IN(type, name) const type *name = name##_memory + name##_offset
#define DATA_OUT(type, name) type *name = name##_memory + name##_offset
#define HAS(name) (name##_memory != 0)

#define LOCAL_ID 0
#define GROUP_ID 0
#define GROUP_COUNT 1
#define GROUP_SIZE 1
#define BARRIER() ((void)0)

static inline __attribute__((unused)) int AS_INT(float x) { int y; memcpy(&y, &x, 4); return y; }
static inline __attribute__((unused)) float AS_FLOAT(int x) { float y; memcpy(&y, &x, 4); return y; }
#define FMA(a, b, c) fmaf(a, b, c)
#define SQRT(x) sqrtf(x)
#define FLOOR(x) floorf(x)
#define RINT(x) rintf(x)
#define ABS(x) fabsf(x)
#define MULHI(a, b) ((UINT)(((UINT64)(a) * (UINT64)(b)) >> 32))
#define UNROLL
typedef struct { float x, y, z, w; } FLOAT4;
#define LOAD4(p) (*(const FLOAT4 *)(p))
#define STORE4(p, v) (*(FLOAT4 *)(p) = (v))
#define GLOBAL_ID ((INT64)GROUP_ID * GROUP_SIZE + LOCAL_ID)
#define GLOBAL_SIZE ((INT64)GROUP_COUNT * GROUP_SIZE)

// Tensor cores: the types of what they are given, nothing else.
#define TF32(x) ((UINT)AS_INT(x))
#define BFLOAT16_PAIR(low, high) ((UINT)AS_INT(low) ^ (UINT)AS_INT(high))
#define MMA_DECLARE(threads, rows, columns)
#define MMA_TF32(sums, a, b, rows, columns) (sums[(rows) - 1][(columns) - 1][0] += AS_FLOAT((int)(a[(rows) - 1][0] ^ b[(columns) - 1][0])));
#define MMA_BFLOAT16(sums, a, b, rows, columns) MMA_TF32(sums, a, b, rows, columns)
