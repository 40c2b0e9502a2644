namespace HyperKernels.Backends.Cpu;

internal sealed unsafe partial class CpuBackend
{
    public void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y)
    {
        MatmulArgs args = new()
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
            TransposeA = sizes.TransposeA,
            TransposeB = sizes.TransposeB,
            Activation = sizes.Activation,
        };
        Gemm.Run(args, _threads, VectorWidth);
    }
}
