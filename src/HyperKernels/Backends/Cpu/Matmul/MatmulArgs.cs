namespace HyperKernels.Backends.Cpu;

/// <summary>
/// A batch of matrix products, <c>Y_b = activation(op(A_b) op(B_b) + bias_b)</c>, op(A) being [M, K] and op(B) [K, N]. With
/// <see cref="Accumulate"/> the old Y_b is one more summand: <c>Y_b = activation(Y_b + op(A_b) op(B_b) + bias_b)</c>.
/// </summary>
/// <remarks>
/// Rows of one Y and matrices of the batch must not overlap in Y, and Y not with an operand. K = 0 gives the activation of the bias.
/// </remarks>
internal unsafe struct MatmulArgs
{
    public float* A;
    public float* B;
    public float* Y;

    /// <summary>N numbers per matrix, added to every row, or per row; null for none.</summary>
    public float* Bias;

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

    /// <summary>From one row's bias to the next: N, or 0 where all rows of a matrix share one.</summary>
    public int LdBias;

    /// <summary>A is stored [K, M].</summary>
    public bool TransposeA;

    /// <summary>B is stored [N, K].</summary>
    public bool TransposeB;

    public bool Accumulate;
    public Activation Activation;
}
