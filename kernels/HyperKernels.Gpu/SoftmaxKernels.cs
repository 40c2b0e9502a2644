using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Softmax over the middle axis of dense [outer, length, inner], and cross entropy. A <see cref="Line"/> is one softmax; width threads walk along it.
/// Launch: a group per 256 / width lines.
/// </summary>
internal static class SoftmaxKernels
{
    /// <summary>y = e^a / sum(e^a) or, as logarithm, a - log(sum(e^a)); y may be a.</summary>
    [Kernel]
    public static void Softmax<TForm>(SoftmaxArguments p)
        where TForm : struct, ISoftmaxForm
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        SoftmaxLine at = SoftmaxLine.Of(p);
        Pair part = ExpSum(scratch, at.Line, p.A, at.Start, p.Inner, at.Length);
        // Two subtractions: max + log may lose the logarithm where the maximum is large.
        float by = TForm.IsLog ? MathK.Log(part.Second) : 1 / part.Second;
        for (int i = at.Line.Lane; i < at.Length; i += at.Line.Width)
        {
            long place = at.Start + ((long)i * p.Inner);
            float shifted = p.A[place] - part.First;
            p.Y[place] = TForm.IsLog ? shifted - by : MathK.Exp(shifted) * by;
        }
    }

    /// <summary>The same for lines of up to four elements per thread, which stay in registers: one read, and one exponential per element.</summary>
    [Kernel]
    public static void SoftmaxShort<TForm>(SoftmaxArguments p)
        where TForm : struct, ISoftmaxForm
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        SoftmaxLine at = SoftmaxLine.Of(p);
        F4 values = default;
        values.X = at.Get(p, 0);
        values.Y = at.Get(p, 1);
        values.Z = at.Get(p, 2);
        values.W = at.Get(p, 3);
        float max = MathK.Max(MathK.Max(MathK.Max(MathK.Max(float.NegativeInfinity, values.X), values.Y), values.Z), values.W);
        max = Line.Max(scratch, at.Line, max);
        F4 shifted = new(values.X - max, values.Y - max, values.Z - max, values.W - max);
        F4 powers = new(MathK.Exp(shifted.X), MathK.Exp(shifted.Y), MathK.Exp(shifted.Z), MathK.Exp(shifted.W));
        float sum = 0;
        sum += powers.X;
        sum += powers.Y;
        sum += powers.Z;
        sum += powers.W;
        sum = Line.Sum(scratch, at.Line, sum);
        float by = TForm.IsLog ? MathK.Log(sum) : 1 / sum;
        at.Set(p, 0, TForm.IsLog ? shifted.X - by : powers.X * by);
        at.Set(p, 1, TForm.IsLog ? shifted.Y - by : powers.Y * by);
        at.Set(p, 2, TForm.IsLog ? shifted.Z - by : powers.Z * by);
        at.Set(p, 3, TForm.IsLog ? shifted.W - by : powers.W * by);
    }

    /// <summary>y = a (b - sum(a b)) or, as logarithm, b - e^a sum(b), a being the output and b its gradient; y may be a or b.</summary>
    [Kernel]
    public static void SoftmaxGradient<TForm>(SoftmaxArguments p)
        where TForm : struct, ISoftmaxForm
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        SoftmaxLine at = SoftmaxLine.Of(p);
        float sum = 0;
        for (int i = at.Line.Lane; i < at.Length; i += at.Line.Width)
        {
            long place = at.Start + ((long)i * p.Inner);
            sum = TForm.IsLog ? sum + p.B[place] : Intrinsics.Fma(p.A[place], p.B[place], sum);
        }
        sum = Line.Sum(scratch, at.Line, sum);
        for (int i = at.Line.Lane; i < at.Length; i += at.Line.Width)
        {
            long place = at.Start + ((long)i * p.Inner);
            float output = p.A[place];
            float gradient = p.B[place];
            p.Y[place] = TForm.IsLog ? gradient - (MathK.Exp(output) * sum) : output * (gradient - sum);
        }
    }

    /// <summary>
    /// losses[r] = log(sum over c of e^logits[r, c]) - logits[r, labels[r]]; log sums [rows, 2] keep the maximum and the logarithm beside it.
    /// A line is a row.
    /// </summary>
    [Kernel]
    public static void CrossEntropy(CrossEntropyArguments p)
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        Line line = Line.Of(Threads.Group, p.WidthBits, across: false);
        bool isPresent = line.Number < p.Rows;
        long start = line.Number * p.Classes;
        Pair part = ExpSum(scratch, line, p.Logits, start, 1, isPresent ? p.Classes : 0);
        float log = MathK.Log(part.Second);
        if (isPresent && line.Lane == 0)
        {
            // Both parts, and no rounded sum of them: a sure and right answer keeps its small loss, large logits their digits.
            p.LogSums[2 * line.Number] = part.First;
            p.LogSums[(2 * line.Number) + 1] = log;
            p.Losses[line.Number] = part.First - p.Logits[start + p.Labels[line.Number]] + log;
        }
    }

    /// <summary>
    /// y[r, c] = gradient[r] (e^(logits[r, c] - log sums[r, 0] - log sums[r, 1]) - (1 where c is labels[r])).   Any launch size, a thread per element.
    /// </summary>
    [Kernel]
    public static void CrossEntropyGradient(CrossEntropyGradientArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            long row = Divide.Quotient(i, p.Classes);
            float scale = p.Gradient[row];
            float value = scale * MathK.Exp(p.Logits[i] - p.LogSums[2 * row] - p.LogSums[(2 * row) + 1]);
            p.Y[i] = i - (row * p.Classes) == p.Labels[row] ? value - scale : value;
        }
    }

    // The largest of a line that begins at a place, and the sum of e^(x - largest).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair ExpSum(ArrayView<float> scratch, Line line, ArrayView<float> x, long start, int inner, int length)
    {
        float most = float.NegativeInfinity;
        for (int i = line.Lane; i < length; i += line.Width)
        {
            most = MathK.Max(most, x[start + ((long)i * inner)]);
        }
        most = Line.Max(scratch, line, most);
        float sum = 0;
        for (int i = line.Lane; i < length; i += line.Width)
        {
            sum += MathK.Exp(x[start + ((long)i * inner)] - most);
        }
        Pair part = default;
        part.First = most;
        part.Second = Line.Sum(scratch, line, sum);
        return part;
    }
}

/// <summary>Softmax or its logarithm.</summary>
internal interface ISoftmaxForm
{
    static abstract bool IsLog { get; }
}

/// <summary>Softmax.</summary>
internal struct PlainSoftmax : ISoftmaxForm
{
    public static bool IsLog => false;
}

/// <summary>The logarithm of softmax.</summary>
internal struct LogSoftmax : ISoftmaxForm
{
    public static bool IsLog => true;
}

/// <summary>A thread's line of a softmax: where it begins, and how long it is, 0 where there is none.</summary>
internal struct SoftmaxLine
{
    public Line Line;
    public long Start;
    public int Length;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static SoftmaxLine Of(SoftmaxArguments p)
    {
        SoftmaxLine at = default;
        at.Line = Line.Of(Threads.Group, p.WidthBits, p.Inner > 1);
        long outer = p.Inner == 1 ? at.Line.Number : Divide.Quotient(at.Line.Number, p.Inner);
        at.Start = (outer * p.Length * p.Inner) + (at.Line.Number - (outer * p.Inner));
        at.Length = at.Line.Number < p.Lines ? p.Length : 0;
        return at;
    }

    /// <summary>The thread's element number part; minus infinity where there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly float Get(SoftmaxArguments p, int part)
    {
        int i = Line.Lane + (part * Line.Width);
        return i < Length ? p.A[Start + ((long)i * p.Inner)] : float.NegativeInfinity;
    }

    /// <summary>Its result.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public readonly void Set(SoftmaxArguments p, int part, float value)
    {
        int i = Line.Lane + (part * Line.Width);
        if (i < Length)
        {
            p.Y[Start + ((long)i * p.Inner)] = value;
        }
    }
}

/// <summary>Arguments of the kernels of softmax; b only for gradients.</summary>
internal struct SoftmaxArguments
{
    public int Length;
    public int Inner;
    public long Lines;
    public int WidthBits;
    public ArrayView<float> A;
    public ArrayView<float> B;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="SoftmaxKernels.CrossEntropy"/>.</summary>
internal struct CrossEntropyArguments
{
    public int Rows;
    public int Classes;
    public int WidthBits;
    public ArrayView<float> Logits;
    public ArrayView<int> Labels;
    public ArrayView<float> Losses;
    public ArrayView<float> LogSums;
}

/// <summary>Arguments of <see cref="SoftmaxKernels.CrossEntropyGradient"/>.</summary>
internal struct CrossEntropyGradientArguments
{
    public long Count;
    public int Classes;
    public ArrayView<float> Logits;
    public ArrayView<int> Labels;
    public ArrayView<float> LogSums;
    public ArrayView<float> Gradient;
    public ArrayView<float> Y;
}
