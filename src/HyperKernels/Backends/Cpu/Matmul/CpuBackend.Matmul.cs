namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y) =>
        Gemm.Run(Arguments(sizes, a, b, bias, y), _threads, VectorWidth);

    public void MatmulGrouped(in MatmulSizes sizes, bool sumsRows, ReadOnlySpan<int> offsets, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y) =>
        GemmGroups.Run(Arguments(sizes, a, b, bias, y), sumsRows, offsets, _threads, VectorWidth);

    private static MatmulArgs Arguments(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y) =>
        new()
        {
            A = Floats(a),
            B = Floats(b),
            Y = Floats(y),
            Bias = FloatsOrNull(bias),
            Batch = sizes.Batch,
            M = sizes.M,
            N = sizes.N,
            K = sizes.K,
            StrideA = sizes.StrideA,
            StrideB = sizes.StrideB,
            StrideY = sizes.StrideY,
            StrideBias = sizes.StrideBias,
            LdA = sizes.LdA,
            LdB = sizes.LdB,
            LdY = sizes.LdY,
            LdBias = sizes.LdBias,
            TransposeA = sizes.TransposeA,
            TransposeB = sizes.TransposeB,
            Activation = sizes.Activation,
        };
}
