using System.Runtime.CompilerServices;

namespace HyperKernels.Backends.Cpu;

/// <summary>One product of a batch, the transposes turned into steps: A[m, k] at <c>A[m RowA + k DepthA]</c>, B[k, n] at <c>B[k DepthB + n ColumnB]</c>.</summary>
internal unsafe struct GemmMatrix
{
    public float* A;
    public float* B;
    public float* Y;
    public float* Bias;
    public int M;
    public int N;
    public int K;
    public nint RowA;
    public nint DepthA;
    public nint DepthB;
    public nint ColumnB;
    public nint RowY;
    public bool Accumulate;

    /// <summary>One bias for all columns: the product of a matrix and a column, turned on its side.</summary>
    public bool BiasIsOne;
    public ActivationKind Activation;
    public float Parameter;

    public readonly bool HasEpilogue => Bias != null || Activation != ActivationKind.None;

    /// <summary>Adds the bias and applies the activation to a block of Y, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Finish<TVec>(int row, int column, int rows, int columns)
        where TVec : struct, IVec<TVec>
    {
        float* bias = Bias == null || BiasIsOne ? Bias : Bias + column;
        for (int i = 0; i < rows; i++)
        {
            float* y = Y + ((row + i) * RowY) + column;
            int n = 0;
            for (; n <= columns - TVec.Count; n += TVec.Count)
            {
                TVec value = TVec.Load(y + n);
                if (bias != null)
                {
                    value += BiasIsOne ? TVec.Create(*bias) : TVec.Load(bias + n);
                }
                Activate(value).Store(y + n);
            }
            if (n < columns)
            {
                TVec value = TVec.LoadPartial(y + n, columns - n);
                if (bias != null)
                {
                    value += BiasIsOne ? TVec.Create(*bias) : TVec.LoadPartial(bias + n, columns - n);
                }
                Activate(value).StorePartial(y + n, columns - n);
            }
        }
    }

    // The two that cost next to nothing stay in the loop; a call per vector would cost more than they do.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private readonly TVec Activate<TVec>(TVec value)
        where TVec : struct, IVec<TVec>
    {
        if (Activation == ActivationKind.None)
        {
            return value;
        }
        return Activation == ActivationKind.Relu ? TVec.Max(value, TVec.Zero) : VecMath.Activate(Activation, value, Parameter);
    }

    /// <summary>The product of depth zero.</summary>
    public readonly void FinishEmpty<TVec>()
        where TVec : struct, IVec<TVec>
    {
        for (int row = 0; row < M; row++)
        {
            if (!Accumulate)
            {
                new Span<float>(Y + (row * RowY), N).Clear();
            }
            Finish<TVec>(row, 0, 1, N);
        }
    }
}
