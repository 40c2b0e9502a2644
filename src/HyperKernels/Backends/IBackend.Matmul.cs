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

    /// <summary>The same for Y; 0 where there are several products adds them up, in order, and the bias once.</summary>
    public long StrideY;
    public long StrideBias;

    /// <summary>Elements from one row of the stored matrix to the next.</summary>
    public int LdA;
    public int LdB;
    public int LdY;

    /// <summary>From one row's bias to the next: N, so that a whole matrix is added, or 0 where all rows of a matrix share one.</summary>
    public int LdBias;

    /// <summary>A is stored [K, M].</summary>
    public bool TransposeA;

    /// <summary>B is stored [N, K].</summary>
    public bool TransposeB;
    public Activation Activation;

    /// <summary>The least that is wanted; a backend may always give more.</summary>
    public MatmulPrecision Precision;

    /// <summary>The product of one group of rows, first to below end, of a grouped product.</summary>
    public readonly MatmulSizes OfGroup(int first, int end, bool sumsRows)
    {
        MatmulSizes one = this;
        one.Batch = 1;
        (one.M, one.K) = sumsRows ? (M, end - first) : (end - first, K);
        return one;
    }
}

/// <summary>Matrix products.</summary>
internal interface IMatmulBackend
{
    /// <summary>Multiplies. The bias, N numbers per matrix or row, may be absent. Any size may be zero.</summary>
    void Matmul(in MatmulSizes sizes, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y);

    /// <summary>
    /// A product for every group of rows, which lie one behind the other: group e has the rows from offsets[e] to below offsets[e + 1], maybe none. Either
    /// <c>Y's rows of e = activation(A's rows of e op(B_e) + bias_e)</c>, where M is not read; or, summing over the rows, <c>Y_e = (A's rows of e)' (B's rows of e)</c>, where
    /// K is not read and A is stored [rows, M]. Strides lead from one group's matrix to the next. Each Y has the bits of the product done by itself.
    /// </summary>
    void MatmulGrouped(in MatmulSizes sizes, bool sumsRows, ReadOnlySpan<int> offsets, BufferRef a, BufferRef b, BufferRef? bias, BufferRef y);
}
