namespace HyperKernels.Backends;

/// <summary>A batch of matrix products <c>Y_b = activation(op(A_b) op(B_b) + bias_b)</c>, op(A) being [M, K] and op(B) [K, N].</summary>
internal struct MatmulSizes
{
    public int Batch;
    public int M;
    public int N;
    public int K;

    /// <summary>Elements from one matrix to the next; 0: all share one.</summary>
    public long StrideA;
    public long StrideB;
    public long StrideY;
    public long StrideBias;

    /// <summary>Elements from one row of the stored matrix to the next.</summary>
    public int LdA;
    public int LdB;
    public int LdY;

    /// <summary>A is stored [K, M].</summary>
    public bool TransposeA;

    /// <summary>B is stored [N, K].</summary>
    public bool TransposeB;
    public Activation Activation;

    /// <summary>The least that is wanted; a backend may always give more.</summary>
    public MatmulPrecision Precision;
}

/// <summary>Matrix products.</summary>
internal interface IMatmulBackend
{
    /// <summary>Multiplies. The bias, N numbers per matrix, may be absent. Any size may be zero.</summary>
    void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y);
}
