using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// A product one of whose sides has only a few rows or columns is bound by reading the other, w, once: y[r, o] = activation(sum of w[o, k] v[r, k] + bias).
/// Rows of v and y and their elements may lie apart by any step, so that the same kernels serve a matrix times a column.
/// </summary>
internal static class MatmulThinKernels
{
    /// <summary>
    /// w stored [outputs, K]. A group takes 8 outputs, 32 threads each, that read four elements along k at a time.   One group per 8 outputs and matrix.
    /// </summary>
    [Kernel]
    public static void Deep<TRows>(ThinArguments p)
        where TRows : struct, IThinRows
    {
        ArrayView<float> partial = SharedMemory.Allocate1D<float>(TRows.Count * DeepOutputs * DeepPitch).AsContiguous();
        int groups = (p.Outputs + DeepOutputs - 1) / DeepOutputs;
        int matrix = p.ByGroups.Quotient(Threads.Group);
        int first = (Threads.Group - (matrix * groups)) * DeepOutputs;
        int line = Threads.Local >> 5;
        int lane = Threads.Local & 31;
        float sum0 = 0;
        float sum1 = 0;
        float sum2 = 0;
        float sum3 = 0;
        if (first + line < p.Outputs)
        {
            long w = (matrix * p.StrideW) + ((long)(first + line) * p.LdW);
            long v = matrix * p.StrideV;
            int k = 4 * lane;
            if (p.FoursW != 0 && p.FoursV != 0)
            {
                for (; k < p.K - 3; k += 128)
                {
                    F4 weight = F4.Get(p.W, w + k);
                    sum0 = Add(sum0, weight, F4.Get(p.V, v + k));
                    if (TRows.Count > 1)
                    {
                        sum1 = Add(sum1, weight, F4.Get(p.V, v + Row(p, 1) + k));
                        sum2 = Add(sum2, weight, F4.Get(p.V, v + Row(p, 2) + k));
                        sum3 = Add(sum3, weight, F4.Get(p.V, v + Row(p, 3) + k));
                    }
                }
            }
            for (; k < p.K; k += 128)
            {
                long at = v + (k * p.StepV);
                F4 weight = Tile.Get(p.W, w + k, 1, p.K - k, p.FoursW != 0);
                sum0 = Add(sum0, weight, Tile.Get(p.V, at, p.StepV, p.K - k, false));
                if (TRows.Count > 1)
                {
                    sum1 = Add(sum1, weight, Tile.Get(p.V, at + Row(p, 1), p.StepV, p.K - k, false));
                    sum2 = Add(sum2, weight, Tile.Get(p.V, at + Row(p, 2), p.StepV, p.K - k, false));
                    sum3 = Add(sum3, weight, Tile.Get(p.V, at + Row(p, 3), p.StepV, p.K - k, false));
                }
            }
        }
        int place = (line * DeepPitch) + lane;
        partial[place] = sum0;
        if (TRows.Count > 1)
        {
            partial[place + (DeepOutputs * DeepPitch)] = sum1;
            partial[place + (2 * DeepOutputs * DeepPitch)] = sum2;
            partial[place + (3 * DeepOutputs * DeepPitch)] = sum3;
        }
        Group.Barrier();
        if (Threads.Local < DeepOutputs * TRows.Count)
        {
            int from = Threads.Local * DeepPitch;
            float sum = partial[from];
            for (int i = 1; i < 32; i++)
            {
                sum += partial[from + i];
            }
            Set(p, matrix, Threads.Local >> 3, first + (Threads.Local & 7), sum);
        }
    }

    /// <summary>
    /// w stored [K, outputs]. A group takes 32 outputs: 8 threads read four neighbours each, 32 such lines go through k in turn.   One group per 32 outputs
    /// and matrix.
    /// </summary>
    [Kernel]
    public static void Wide<TRows>(ThinArguments p)
        where TRows : struct, IThinRows
    {
        ArrayView<F4> partial = SharedMemory.Allocate1D<F4>(TRows.Count * WideOutputs * WideOutputs / 4).AsContiguous();
        int groups = (p.Outputs + WideOutputs - 1) / WideOutputs;
        int matrix = p.ByGroups.Quotient(Threads.Group);
        int first = (Threads.Group - (matrix * groups)) * WideOutputs;
        int line = Threads.Local >> 3;
        int lane = 4 * (Threads.Local & 7);
        Tile44 sums = default;
        long w = (matrix * p.StrideW) + first + lane;
        long v = matrix * p.StrideV;
        for (int k = line; k < p.K; k += 32)
        {
            F4 weight = Tile.Get(p.W, w + ((long)k * p.LdW), 1, p.Outputs - first - lane, p.FoursW != 0);
            long at = v + (k * p.StepV);
            F4 column = F4.All(p.V[at]);
            if (TRows.Count > 1)
            {
                column.Y = p.V[at + Row(p, 1)];
                column.Z = p.V[at + Row(p, 2)];
                column.W = p.V[at + Row(p, 3)];
            }
            sums = Tile44.Add(sums, column, weight);
        }
        partial[Threads.Local] = sums.Row0;
        if (TRows.Count > 1)
        {
            partial[Threads.Local + 256] = sums.Row1;
            partial[Threads.Local + 512] = sums.Row2;
            partial[Threads.Local + 768] = sums.Row3;
        }
        Group.Barrier();
        if (Threads.Local < WideOutputs * TRows.Count)
        {
            ArrayView<float> single = partial.Cast<float>();
            int row = Threads.Local >> 5;
            int output = Threads.Local & 31;
            int from = (row * WideOutputs * WideOutputs) + output;
            float sum = single[from];
            for (int i = 1; i < 32; i++)
            {
                sum += single[from + (i * WideOutputs)];
            }
            Set(p, matrix, row, first + output, sum);
        }
    }

    /// <summary>Outputs of a group where k is contiguous.</summary>
    public const int DeepOutputs = 8;

    /// <summary>The same where outputs are.</summary>
    public const int WideOutputs = 32;

    // 32 partial sums an output, and one to spare against bank conflicts.
    private const int DeepPitch = 33;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Add(float sum, F4 weight, F4 x)
    {
        sum = Intrinsics.Fma(weight.X, x.X, sum);
        sum = Intrinsics.Fma(weight.Y, x.Y, sum);
        sum = Intrinsics.Fma(weight.Z, x.Z, sum);
        return Intrinsics.Fma(weight.W, x.W, sum);
    }

    // Where a row of v begins; one that is not there is the first once more, whose sums nobody asks for.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static long Row(ThinArguments p, int row) => row < p.Rows ? row * p.RowV : 0;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Set(ThinArguments p, int matrix, int row, int output, float sum)
    {
        if (row < p.Rows && output < p.Outputs)
        {
            if (p.Bias.Length > 0)
            {
                sum += p.Bias[(matrix * p.StrideBias) + ((long)row * p.RowBias) + ((long)output * p.StepBias)];
            }
            p.Y[(matrix * p.StrideY) + (row * p.RowY) + (output * p.StepY)] = ActivationK.Apply(p.Activation, sum, p.Parameter);
        }
    }
}

/// <summary>The most rows of a thin product.</summary>
internal interface IThinRows
{
    static abstract int Count { get; }
}

/// <summary>A row.</summary>
internal struct OneRow : IThinRows
{
    public static int Count => 1;
}

/// <summary>Up to four rows.</summary>
internal struct FourRows : IThinRows
{
    public static int Count => 4;
}

/// <summary>Arguments of <see cref="MatmulThinKernels"/>: strides lead from matrix to matrix, rows and steps through one; fours: read so.</summary>
internal struct ThinArguments
{
    public int Rows;
    public int Outputs;
    public int K;
    public int LdW;
    public long StrideW;
    public long StrideV;
    public long StrideY;
    public long StrideBias;
    public long RowV;
    public long StepV;
    public long RowY;
    public long StepY;
    public int RowBias;
    public int StepBias;
    public Divisor ByGroups;
    public int FoursW;
    public int FoursV;
    public int Activation;
    public float Parameter;
    public ArrayView<float> W;
    public ArrayView<float> V;
    public ArrayView<float> Bias;
    public ArrayView<float> Y;
}
