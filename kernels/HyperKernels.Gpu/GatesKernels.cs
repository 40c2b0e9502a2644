using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>The gates of recurrent cells, one element of the memory a thread.</summary>
internal static class GatesKernels
{
    /// <summary>
    /// new cell = s(forget + bias) cell + s(input) tanh(candidate) and opened = s(output), dense [rows, features]; saved, where it is there, gets the three
    /// factors one behind the other.   Any launch size.
    /// </summary>
    [Kernel]
    public static void Lstm(LstmArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            long row = Divide.Quotient(i, p.Features);
            long column = i - (row * p.Features);
            long gates = (row * p.RowGates) + column;
            float input = MathK.Sigmoid(p.Gates[gates]);
            float kept = MathK.Sigmoid(p.Gates[gates + p.Forget] + p.ForgetBias);
            float candidate = MathK.Tanh(p.Gates[gates + p.Candidate]);
            p.Opened[i] = MathK.Sigmoid(p.Gates[gates + p.Output]);
            p.NewCell[i] = Intrinsics.Fma(kept, p.Cell[(row * p.RowCell) + column], input * candidate);
            if (p.Saved.Length > 0)
            {
                p.Saved[i] = input;
                p.Saved[i + p.Count] = kept;
                p.Saved[i + (2 * p.Count)] = candidate;
            }
        }
    }

    /// <summary>The gradients of the gates, where these lie, and of the old memory, dense.   Any launch size.</summary>
    [Kernel]
    public static void LstmGradient(LstmArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            long row = Divide.Quotient(i, p.Features);
            long column = i - (row * p.Features);
            long gates = (row * p.RowGates) + column;
            float input = p.Saved[i];
            float kept = p.Saved[i + p.Count];
            float candidate = p.Saved[i + (2 * p.Count)];
            float opened = p.Opened[i];
            float gradient = p.NewCell[i];
            p.Gates[gates] = gradient * candidate * (input * (1 - input));
            p.Gates[gates + p.Forget] = gradient * p.Cell[(row * p.RowCell) + column] * (kept * (1 - kept));
            p.Gates[gates + p.Candidate] = gradient * input * (1 - (candidate * candidate));
            p.Gates[gates + p.Output] = p.OpenedGradient[i] * (opened * (1 - opened));
            p.CellGradient[i] = gradient * kept;
        }
    }
}

/// <summary>
/// Arguments of <see cref="GatesKernels"/>: rows of gates and of the memory, and where a row's gates begin. On the way back the new memory is its gradient, and the
/// gates are theirs.
/// </summary>
internal struct LstmArguments
{
    public long Count;
    public int Features;
    public long RowGates;
    public long RowCell;
    public long Forget;
    public long Candidate;
    public long Output;
    public float ForgetBias;
    public ArrayView<float> Gates;
    public ArrayView<float> Cell;
    public ArrayView<float> NewCell;
    public ArrayView<float> Opened;
    public ArrayView<float> Saved;
    public ArrayView<float> OpenedGradient;
    public ArrayView<float> CellGradient;
}
