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

// Tensor cores in plain arithmetic, so that what is written for them can be checked without any: 32 neighbouring threads exchange their words
// through local memory and each works out the sums that PTX gives it (ISA, "Matrix Fragments for mma.m16n8k8" and "mma.m16n8k16").
DEVICE UINT hk_round_bits(UINT bits, UINT above, UINT mask)
{
    return (bits & 0x7f800000u) == 0x7f800000u ? ((bits & 0x7fffffu) != 0 ? bits | 0x400000u : bits) : (bits + above) & mask;
}

// Ties go away from zero, as in cvt.rna.tf32.
DEVICE UINT hk_tf32(float x)
{
    return hk_round_bits((UINT)AS_INT(x), 0x1000u, 0xffffe000u);
}

// Ties go to even, as in cvt.rn.bf16x2.
DEVICE UINT hk_bfloat16(float x)
{
    UINT bits = (UINT)AS_INT(x);
    return hk_round_bits(bits, 0x7fffu + ((bits >> 16) & 1u), 0xffff0000u) >> 16;
}

// The sum r of a lane's four: row lane / 4, and 8 more for the upper two; column 2 (lane % 4) + r % 2. A's word of a row and a place along k
// is in lane 4 (row % 8) + place % 4, B's of a column in lane 4 column + place % 4.
DEVICE float hk_mma_tf32(LOCAL_PTR const UINT *a, LOCAL_PTR const UINT *b, int lane, int r, float sum)
{
    a += 32 * (r / 2) + lane / 4 * 4;
    b += (2 * (lane % 4) + r % 2) * 4;
    for (int k = 0; k < 8; k++) {
        // Tensor cores do not look at the lower bits.
        UINT left = a[64 * (k / 4) + k % 4] & 0xffffe000u, right = b[32 * (k / 4) + k % 4] & 0xffffe000u;
        sum = FMA(AS_FLOAT((int)left), AS_FLOAT((int)right), sum);
    }
    return sum;
}

DEVICE float hk_mma_bfloat16(LOCAL_PTR const UINT *a, LOCAL_PTR const UINT *b, int lane, int r, float sum)
{
    a += 32 * (r / 2) + lane / 4 * 4;
    b += (2 * (lane % 4) + r % 2) * 4;
    for (int k = 0; k < 8; k++) {
        UINT left = a[64 * (k / 4) + k % 4], right = b[32 * (k / 4) + k % 4];
        sum = FMA(AS_FLOAT((int)(left << 16)), AS_FLOAT((int)(right << 16)), sum);
        sum = FMA(AS_FLOAT((int)(left & 0xffff0000u)), AS_FLOAT((int)(right & 0xffff0000u)), sum);
    }
    return sum;
}

#define TF32(x) hk_tf32(x)
#define BFLOAT16_PAIR(low, high) (hk_bfloat16(low) | hk_bfloat16(high) << 16)
#define MMA_DECLARE(threads, rows, columns) LOCAL UINT mma_words[(threads) * (4 * (rows) + 2 * (columns))];
#define HK_MMA(function, sums, a, b, rows, columns) \
    { \
        LOCAL_PTR UINT *mma_warp = mma_words + LOCAL_ID / 32 * 32 * (4 * (rows) + 2 * (columns)); \
        int mma_lane = LOCAL_ID % 32; \
        for (int i = 0; i < 4 * (rows); i++) { \
            mma_warp[32 * i + mma_lane] = a[i / 4][i % 4]; \
        } \
        for (int i = 0; i < 2 * (columns); i++) { \
            mma_warp[128 * (rows) + 32 * i + mma_lane] = b[i / 2][i % 2]; \
        } \
        BARRIER(); \
        for (int i = 0; i < (rows); i++) { \
            for (int j = 0; j < (columns); j++) { \
                for (int r = 0; r < 4; r++) { \
                    sums[i][j][r] = function(mma_warp + 128 * i, mma_warp + 128 * (rows) + 64 * j, mma_lane, r, sums[i][j][r]); \
                } \
            } \
        } \
        BARRIER(); \
    }
#define MMA_TF32(sums, a, b, rows, columns) HK_MMA(hk_mma_tf32, sums, a, b, rows, columns)
#define MMA_BFLOAT16(sums, a, b, rows, columns) HK_MMA(hk_mma_bfloat16, sums, a, b, rows, columns)
