// What the kernels of matrix products are told, those of tensor cores and the others.
#ifndef LIB_MATMUL
#define LIB_MATMUL

// Laid out as Backends/IBackend.Matmul.cs, whose bool is one byte.
typedef struct {
    int batch;
    int m;
    int n;
    int k;
    INT64 stride_a;
    INT64 stride_b;
    INT64 stride_y;
    INT64 stride_bias;
    int ld_a;
    int ld_b;
    int ld_y;
    char transpose_a;
    char transpose_b;
    int activation;
    float parameter;
    int precision;
} MATMUL_SIZES;

// Which operands may be read or written as FLOAT4, and how k is cut: slice i takes [i depth, (i + 1) depth), and writes product i of Y's.
typedef struct {
    int fours_a;
    int fours_b;
    int fours_y;
    int slices;
    int depth;
    INT64 stride_slice;
} MATMUL_PLAN;

#endif
