using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// The gradients of a normalisation, over the lines of <see cref="NormalizeKernels"/> and launched alike. With h = gain dy and r = 1 / sqrt(variance +
/// epsilon): dx = r h - r mean(h) - (x - mean) r^3 mean(h (x - mean)); without centring the middle term is absent.
/// </summary>
internal static class NormalizeGradientKernels
{
    /// <summary>The gradient with respect to x, where lines need no pieces.</summary>
    [Kernel]
    public static void Lines(NormalizeGradientArguments p)
    {
        ArrayView<Pair> scratch = SharedMemory.Allocate1D<Pair>(256).AsContiguous();
        NormalizeLine at = NormalizeLine.Of(p.Axes, Threads.Group, p.WidthBits);
        long end = at.IsPresent ? p.Axes.Size : 0;
        float mean = Mean(p, at);
        Pair sums = Sums(scratch, p, at, mean, 0, end);
        float scale = at.IsPresent ? p.Axes.Scale(p.Variances[at.Line.Number]) : 0;
        for (long i = at.Line.Lane; i < end; i += at.Line.Width)
        {
            long place = at.At(i);
            float h = p.Gradient[place] * p.Axes.Gain(p.Gain, at.Channel(i));
            p.Y[place] = Gradient(p.Axes, h, p.X[place], mean, scale, sums);
        }
    }

    /// <summary>pairs [statistics, pieces, 2]: the sums of h and h (x - mean) over each piece.</summary>
    [Kernel]
    public static void Pieces(NormalizeGradientArguments p)
    {
        ArrayView<Pair> scratch = SharedMemory.Allocate1D<Pair>(256).AsContiguous();
        int group = Threads.Group / p.Pieces;
        int piece = Threads.Group - (group * p.Pieces);
        NormalizeLine at = NormalizeLine.Of(p.Axes, group, p.WidthBits);
        long begin = (long)piece * p.Piece;
        long left = at.IsPresent ? p.Axes.Size - begin : 0;
        Pair sums = Sums(scratch, p, at, Mean(p, at), begin, begin + (left < p.Piece ? left : p.Piece));
        if (at.IsPresent && at.Line.Lane == 0)
        {
            long pair = 2 * ((at.Line.Number * p.Pieces) + piece);
            p.Pairs[pair] = sums.First;
            p.Pairs[pair + 1] = sums.Second;
        }
    }

    /// <summary>
    /// first[line step] and second[line step], each where there is one: the sums of pairs [lines, pieces, 2].   A group per 256 / width lines.
    /// </summary>
    [Kernel]
    public static void SumPairs(SumPairsArguments p)
    {
        ArrayView<Pair> scratch = SharedMemory.Allocate1D<Pair>(256).AsContiguous();
        Line line = Line.Of(Threads.Group, p.WidthBits, across: false);
        bool isPresent = line.Number < p.Lines;
        int pieces = isPresent ? p.Pieces : 0;
        Pair sums = default;
        for (int i = line.Lane; i < pieces; i += line.Width)
        {
            long pair = 2 * ((line.Number * p.Pieces) + i);
            sums.First += p.Pairs[pair];
            sums.Second += p.Pairs[pair + 1];
        }
        sums = Line.Sums(scratch, line, sums);
        if (isPresent && line.Lane == 0)
        {
            Set(p.First, p.Second, line.Number * p.Step, sums);
        }
    }

    /// <summary>
    /// The gradient with respect to x from the sums [statistics, 2] of h and h (x - mean), in pairs.   Any launch size, a thread per element.
    /// </summary>
    [Kernel]
    public static void Apply(NormalizeGradientArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            NormalizeElement element = NormalizeElement.Of(p.Axes, i);
            float mean = p.Axes.IsCentred != 0 ? p.Means[element.Statistic] : 0;
            float scale = p.Axes.Scale(p.Variances[element.Statistic]);
            float h = p.Gradient[i] * p.Axes.Gain(p.Gain, element.Channel);
            Pair sums = default;
            sums.First = p.Pairs[2 * element.Statistic];
            sums.Second = p.Pairs[(2 * element.Statistic) + 1];
            p.Y[i] = Gradient(p.Axes, h, p.X[i], mean, scale, sums);
        }
    }

    /// <summary>
    /// Gradients of gains and biases, each where it is wanted. A line is a channel of a set: its outer steps of inner elements. Output (line pieces + piece)
    /// step takes the sum over a piece: the result itself where there is but one.
    /// </summary>
    [Kernel]
    public static void Parameters(NormalizeParameterArguments p)
    {
        ArrayView<Pair> scratch = SharedMemory.Allocate1D<Pair>(256).AsContiguous();
        int block = Threads.Group / p.Pieces;
        int piece = Threads.Group - (block * p.Pieces);
        Line line = Line.Of(block, p.WidthBits, p.Axes.Inner == 1);
        bool isPresent = line.Number < p.Lines;
        int channels = p.Axes.Groups * p.Axes.Channels;
        long set = Divide.Quotient(line.Number, channels);
        long channel = line.Number - (set * channels);
        long group = Divide.Quotient(channel, p.Axes.Channels);
        long outer = set * p.Axes.PerSet;
        // Where the line begins, and the elements of other channels between two of its steps; its first statistic, and the way to the next step's.
        long first = ((outer * channels) + channel) * p.Axes.Inner;
        long gap = (channels - 1L) * p.Axes.Inner;
        long statistic = p.Axes.IsAcrossOuter != 0 ? group : (outer * p.Axes.Groups) + group;
        long statistics = p.Axes.IsAcrossOuter != 0 ? 0 : p.Axes.Groups;
        long begin = (long)piece * p.Piece;
        long left = isPresent ? ((long)p.Axes.PerSet * p.Axes.Inner) - begin : 0;
        long end = begin + (left < p.Piece ? left : p.Piece);
        Pair sums = default;
        for (long i = begin + line.Lane; i < end; i += line.Width)
        {
            long step = p.Axes.Inner == 1 ? i : Divide.Quotient(i, p.Axes.Inner);
            long at = first + i + (step * gap);
            long number = statistic + (step * statistics);
            float mean = p.Axes.IsCentred != 0 ? p.Means[number] : 0;
            float gradient = p.Gradient[at];
            sums.First += gradient;
            sums.Second = Intrinsics.Fma(gradient, (p.X[at] - mean) * p.Axes.Scale(p.Variances[number]), sums.Second);
        }
        sums = Line.Sums(scratch, line, sums);
        if (isPresent && line.Lane == 0)
        {
            Set(p.Bias, p.Gain, ((line.Number * p.Pieces) + piece) * p.Step, sums);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Mean(NormalizeGradientArguments p, NormalizeLine at) =>
        at.IsPresent && p.Axes.IsCentred != 0 ? p.Means[at.Line.Number] : 0;

    // Sums of h and of h (x - mean) of elements begin to end of a line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair Sums(ArrayView<Pair> scratch, NormalizeGradientArguments p, NormalizeLine at, float mean, long begin, long end)
    {
        Pair sums = default;
        for (long i = begin + at.Line.Lane; i < end; i += at.Line.Width)
        {
            long place = at.At(i);
            float h = p.Gradient[place] * p.Axes.Gain(p.Gain, at.Channel(i));
            sums.First += h;
            sums.Second = Intrinsics.Fma(h, p.X[place] - mean, sums.Second);
        }
        return Line.Sums(scratch, at.Line, sums);
    }

    // sums: of h and of h (x - mean).
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Gradient(NormalizeAxes axes, float h, float x, float mean, float scale, Pair sums)
    {
        float size = axes.Size;
        float level = axes.IsCentred != 0 ? scale * sums.First / size : 0;
        float slope = scale * scale * scale * sums.Second / size;
        return (h * scale) - Intrinsics.Fma(x - mean, slope, level);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Set(ArrayView<float> first, ArrayView<float> second, long at, Pair sums)
    {
        if (first.Length > 0)
        {
            first[at] = sums.First;
        }
        if (second.Length > 0)
        {
            second[at] = sums.Second;
        }
    }
}

/// <summary>Arguments of the kernels for the gradient with respect to x: pieces and pairs where lines are cut, a count where a thread has an element.</summary>
internal struct NormalizeGradientArguments
{
    public NormalizeAxes Axes;
    public int WidthBits;
    public int Piece;
    public int Pieces;
    public long Count;
    public ArrayView<float> X;
    public ArrayView<float> Gain;
    public ArrayView<float> Means;
    public ArrayView<float> Variances;
    public ArrayView<float> Gradient;
    public ArrayView<float> Pairs;
    public ArrayView<float> Y;
}

/// <summary>Arguments of <see cref="NormalizeGradientKernels.SumPairs"/>.</summary>
internal struct SumPairsArguments
{
    public long Lines;
    public int WidthBits;
    public int Pieces;
    public int Step;
    public ArrayView<float> Pairs;
    public ArrayView<float> First;
    public ArrayView<float> Second;
}

/// <summary>Arguments of <see cref="NormalizeGradientKernels.Parameters"/>.</summary>
internal struct NormalizeParameterArguments
{
    public NormalizeAxes Axes;
    public long Lines;
    public int WidthBits;
    public int Piece;
    public int Pieces;
    public int Step;
    public ArrayView<float> X;
    public ArrayView<float> Means;
    public ArrayView<float> Variances;
    public ArrayView<float> Gradient;
    public ArrayView<float> Gain;
    public ArrayView<float> Bias;
}
