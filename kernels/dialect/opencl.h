// The dialect in OpenCL C 1.2. Macro table and traps: kernels/README.md.
#define KERNEL(size) __kernel __attribute__((reqd_work_group_size(size, 1, 1))) void
#define DEVICE static inline
#define GLOBAL __global
#define LOCAL __local
// Before the type of a pointer into local memory, in a DEVICE function's parameters.
#define LOCAL_PTR __local
#define RESTRICT restrict

typedef long INT64;
typedef ulong UINT64;
typedef uint UINT;

// A buffer argument is a block of memory and a place in it, counted in elements; DATA opens it.
#define IN(type, name) __global const type *name##_memory, long name##_offset
#define OUT(type, name) __global type *name##_memory, long name##_offset
#define DATA_IN(type, name) __global const type *name = name##_memory + name##_offset
#define DATA_OUT(type, name) __global type *name = name##_memory + name##_offset
#define HAS(name) (name##_memory != 0)

#define LOCAL_ID ((int)get_local_id(0))
#define GROUP_ID ((int)get_group_id(0))
#define GROUP_COUNT ((int)get_num_groups(0))
#define GROUP_SIZE ((int)get_local_size(0))
#define BARRIER() barrier(CLK_LOCAL_MEM_FENCE)

#define AS_INT(x) as_int(x)
#define AS_FLOAT(x) as_float(x)
#define FMA(a, b, c) fma(a, b, c)
#define SQRT(x) sqrt(x)
#define FLOOR(x) floor(x)
#define RINT(x) rint(x)
#define ABS(x) fabs(x)
#define MULHI(a, b) mul_hi((uint)(a), (uint)(b))
#define UNROLL __attribute__((opencl_unroll_hint))
#define FLOAT4 float4
#define LOAD4(p) vload4(0, p)
#define STORE4(p, v) vstore4(v, 0, p)

#pragma OPENCL FP_CONTRACT OFF
#define GLOBAL_ID ((INT64)GROUP_ID * GROUP_SIZE + LOCAL_ID)
#define GLOBAL_SIZE ((INT64)GROUP_COUNT * GROUP_SIZE)
