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

    /// <summary>From one row's bias to the next; 0: all rows share one.</summary>
    public nint RowBias;
    public bool Accumulate;

    /// <summary>One bias for all columns of a row: a product that is turned on its side.</summary>
    public bool BiasIsOne;
    public ActivationKind Activation;
    public float Parameter;

    public readonly bool HasEpilogue => Bias != null || Activation != ActivationKind.None;

    /// <summary>Adds the bias and applies the activation to a block of Y, in place.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public readonly void Finish<TVec>(int row, int column, int rows, int columns)
        where TVec : struct, IVec<TVec>
    {
        switch (Activation)
        {
            case ActivationKind.None:
                Finish<TVec, IdentityMap>(row, column, rows, columns);
                break;
            case ActivationKind.Relu:
                Finish<TVec, ReluMap>(row, column, rows, columns);
                break;
            case ActivationKind.LeakyRelu:
                Finish<TVec, LeakyReluMap>(row, column, rows, columns);
                break;
            case ActivationKind.Elu:
                Finish<TVec, EluMap>(row, column, rows, columns);
                break;
            case ActivationKind.Tanh:
                Finish<TVec, TanhMap>(row, column, rows, columns);
                break;
            case ActivationKind.Sigmoid:
                Finish<TVec, SigmoidMap>(row, column, rows, columns);
                break;
            case ActivationKind.Silu:
                Finish<TVec, SiluMap>(row, column, rows, columns);
                break;
            case ActivationKind.Softplus:
                Finish<TVec, SoftplusMap>(row, column, rows, columns);
                break;
            case ActivationKind.Gelu:
                Finish<TVec, GeluMap>(row, column, rows, columns);
                break;
            case ActivationKind.GeluTanh:
                Finish<TVec, GeluTanhMap>(row, column, rows, columns);
                break;
            case ActivationKind.Sine:
                Finish<TVec, SineMap>(row, column, rows, columns);
                break;
            default:
                throw Throw.Undefined("Activation", Activation);
        }
    }

    // The arithmetic is compiled into the loop: a call for every vector would cost more than most of it.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void Finish<TVec, TMap>(int row, int column, int rows, int columns)
        where TVec : struct, IVec<TVec>
        where TMap : struct, IMap
    {
        float* first = Bias == null || BiasIsOne ? Bias : Bias + column;
        TVec parameter = TVec.Create(Parameter);
        for (int i = 0; i < rows; i++)
        {
            float* bias = first == null ? null : first + ((row + i) * RowBias);
            float* y = Y + ((row + i) * RowY) + column;
            int n = 0;
            for (; n <= columns - TVec.Count; n += TVec.Count)
            {
                TVec value = TVec.Load(y + n);
                if (bias != null)
                {
                    value += BiasIsOne ? TVec.Create(*bias) : TVec.Load(bias + n);
                }
                TMap.Apply(value, value, value, parameter, parameter).Store(y + n);
            }
            if (n < columns)
            {
                TVec value = TVec.LoadPartial(y + n, columns - n);
                if (bias != null)
                {
                    value += BiasIsOne ? TVec.Create(*bias) : TVec.LoadPartial(bias + n, columns - n);
                }
                TMap.Apply(value, value, value, parameter, parameter).StorePartial(y + n, columns - n);
            }
        }
    }

    /// <summary>The product of depth zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
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
