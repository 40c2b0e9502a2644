// The dialect in CUDA C++, for NVRTC and clang; no header of either is used. Macro table and traps: kernels/README.md.
#ifdef __clang__
// clang without its own CUDA headers knows the attributes only, and the registers as builtins.
#define __global__ __attribute__((global))
#define __device__ __attribute__((device))
#define __shared__ __attribute__((shared))
#define __launch_bounds__(size) __attribute__((launch_bounds(size)))
#define HK_THREAD __nvvm_read_ptx_sreg_tid_x()
#define HK_BLOCK __nvvm_read_ptx_sreg_ctaid_x()
#define HK_BLOCKS __nvvm_read_ptx_sreg_nctaid_x()
#define HK_SIZE __nvvm_read_ptx_sreg_ntid_x()
#define BARRIER() __syncthreads()
// A vector and not a structure, which would be read and written piece by piece.
typedef float float4 __attribute__((ext_vector_type(4)));
#define FMA(a, b, c) __builtin_fmaf(a, b, c)
#define SQRT(x) __nvvm_sqrt_rn_f(x)
#define FLOOR(x) __builtin_floorf(x)
#define RINT(x) __builtin_rintf(x)
#define ABS(x) __builtin_fabsf(x)
#define MULHI(a, b) __nvvm_mulhi_ui(a, b)
#define AS_INT(x) __builtin_bit_cast(int, (float)(x))
#define AS_FLOAT(x) __builtin_bit_cast(float, (int)(x))
#pragma clang fp contract(off)
#else
#define HK_THREAD threadIdx.x
#define HK_BLOCK blockIdx.x
#define HK_BLOCKS gridDim.x
#define HK_SIZE blockDim.x
#define BARRIER() __syncthreads()
#define FMA(a, b, c) __fmaf_rn(a, b, c)
#define SQRT(x) __fsqrt_rn(x)
#define FLOOR(x) floorf(x)
#define RINT(x) rintf(x)
#define ABS(x) fabsf(x)
#define MULHI(a, b) __umulhi(a, b)
#define AS_INT(x) __float_as_int(x)
#define AS_FLOAT(x) __int_as_float(x)
#endif

#define KERNEL(size) extern "C" __global__ __launch_bounds__(size) void
#define DEVICE static __device__ inline
#define GLOBAL
#define LOCAL __shared__
// Before the type of a pointer into local memory, in a DEVICE function's parameters.
#define LOCAL_PTR
#define RESTRICT __restrict__

typedef long long INT64;
typedef unsigned long long UINT64;
typedef unsigned int UINT;

#define IN(type, name) const type *name##_memory, long long name##_offset
#define OUT(type, name) type *name##_memory, long long name##_offset
#define DATA_IN(type, name) const type *name = name##_memory + name##_offset
#define DATA_OUT(type, name) type *name = name##_memory + name##_offset
#define HAS(name) (name##_memory != 0)

#define LOCAL_ID ((int)HK_THREAD)
#define GROUP_ID ((int)HK_BLOCK)
#define GROUP_COUNT ((int)HK_BLOCKS)
#define GROUP_SIZE ((int)HK_SIZE)

#define UNROLL _Pragma("unroll")
#define FLOAT4 float4
#define LOAD4(p) (*(const float4 *)(p))
#define STORE4(p, v) (*(float4 *)(p) = (v))
#define GLOBAL_ID ((INT64)GROUP_ID * GROUP_SIZE + LOCAL_ID)
#define GLOBAL_SIZE ((INT64)GROUP_COUNT * GROUP_SIZE)

// Products on tensor cores, from compute capability 8.0 on: PTX ISA, "Matrix Fragments for mma.m16n8k8" (.tf32) and "mma.m16n8k16" (.bf16).
static __device__ inline UINT hk_tf32(float x)
{
    UINT word;
    asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(word) : "f"(x));
    return word;
}

static __device__ inline UINT hk_bfloat16_pair(float low, float high)
{
    UINT word;
    asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
    return word;
}

#define TF32(x) hk_tf32(x)
#define BFLOAT16_PAIR(low, high) hk_bfloat16_pair(low, high)
#define HK_MMA(shape, types, sums, a, b, rows, columns) \
    UNROLL \
    for (int mma_i = 0; mma_i < (rows); mma_i++) { \
        UNROLL \
        for (int mma_j = 0; mma_j < (columns); mma_j++) { \
            asm volatile( \
                "mma.sync.aligned." shape ".row.col.f32." types ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};" \
                : "+f"(sums[mma_i][mma_j][0]), "+f"(sums[mma_i][mma_j][1]), "+f"(sums[mma_i][mma_j][2]), "+f"(sums[mma_i][mma_j][3]) \
                : "r"(a[mma_i][0]), "r"(a[mma_i][1]), "r"(a[mma_i][2]), "r"(a[mma_i][3]), "r"(b[mma_j][0]), "r"(b[mma_j][1])); \
        } \
    }
#define MMA_DECLARE(threads, rows, columns)
#define MMA_TF32(sums, a, b, rows, columns) HK_MMA("m16n8k8", "tf32.tf32", sums, a, b, rows, columns)
#define MMA_BFLOAT16(sums, a, b, rows, columns) HK_MMA("m16n8k16", "bf16.bf16", sums, a, b, rows, columns)
