using System.Runtime.CompilerServices;
using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// Normalisation of dense [outer, groups, channels, inner] over channels and inner elements of an (outer, group), or over all of a group. What a statistic is
/// taken over is a <see cref="Line"/>; width threads walk along it. Few long lines are cut into pieces, which a second launch joins and a third applies.
/// Launch, unless said otherwise: a group per 256 / width lines, for each of the pieces.
/// </summary>
internal static class NormalizeKernels
{
    /// <summary>y = (x - mean) / sqrt(variance + epsilon) gain + bias, where lines need no pieces.</summary>
    [Kernel]
    public static void Lines<TMean>(NormalizeArguments p)
        where TMean : struct, INormalizeMean
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        NormalizeLine at = NormalizeLine.Of(p.Axes, Threads.Group, p.WidthBits);
        long size = p.Axes.Size;
        Pair moments = Moments<TMean>(scratch, at, p.X, 0, size);
        float mean = moments.First;
        float variance = moments.Second / size;
        if (at.IsPresent && at.Line.Lane == 0)
        {
            p.Variances[at.Line.Number] = variance;
            if (TMean.IsCentred)
            {
                p.Means[at.Line.Number] = mean;
            }
        }
        float scale = p.Axes.Scale(variance);
        long end = at.IsPresent ? size : 0;
        for (long i = at.Line.Lane; i < end; i += at.Line.Width)
        {
            long place = at.At(i);
            p.Y[place] = Normal(p, at.Channel(i), p.X[place], mean, scale);
        }
    }

    /// <summary>pairs [statistics, pieces, 2]: mean and sum of squared deviations of each piece.</summary>
    [Kernel]
    public static void Pieces<TMean>(NormalizeArguments p)
        where TMean : struct, INormalizeMean
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        int group = Threads.Group / p.Pieces;
        int piece = Threads.Group - (group * p.Pieces);
        NormalizeLine at = NormalizeLine.Of(p.Axes, group, p.WidthBits);
        long begin = (long)piece * p.Piece;
        long left = p.Axes.Size - begin;
        Pair moments = Moments<TMean>(scratch, at, p.X, begin, begin + (left < p.Piece ? left : p.Piece));
        if (at.IsPresent && at.Line.Lane == 0)
        {
            long pair = 2 * ((at.Line.Number * p.Pieces) + piece);
            p.Pairs[pair] = moments.First;
            p.Pairs[pair + 1] = moments.Second;
        }
    }

    /// <summary>Means and variances from those of the pieces.   A group per 256 / width statistics.   T. Chan, G. Golub, R. LeVeque, 1983.</summary>
    [Kernel]
    public static void Join(NormalizeArguments p)
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(256).AsContiguous();
        Line line = Line.Of(Threads.Group, p.WidthBits, across: false);
        bool isPresent = line.Number < p.Axes.Statistics;
        int pieces = isPresent ? p.Pieces : 0;
        long size = p.Axes.Size;
        long first = line.Number * p.Pieces;
        float sum = 0;
        for (int i = line.Lane; i < pieces; i += line.Width)
        {
            sum = Intrinsics.Fma(Count(p, size, i), p.Pairs[2 * (first + i)], sum);
        }
        float mean = Line.Sum(scratch, line, sum) / size;
        sum = 0;
        for (int i = line.Lane; i < pieces; i += line.Width)
        {
            float away = p.Pairs[2 * (first + i)] - mean;
            sum += Intrinsics.Fma(Count(p, size, i) * away, away, p.Pairs[(2 * (first + i)) + 1]);
        }
        sum = Line.Sum(scratch, line, sum);
        if (isPresent && line.Lane == 0)
        {
            p.Variances[line.Number] = sum / size;
            if (p.Axes.IsCentred != 0)
            {
                p.Means[line.Number] = mean;
            }
        }
    }

    /// <summary>y from known means and variances.   Any launch size, a thread per element.</summary>
    [Kernel]
    public static void Apply(NormalizeArguments p)
    {
        for (long i = Threads.Global; i < p.Count; i += Threads.Count)
        {
            NormalizeElement element = NormalizeElement.Of(p.Axes, i);
            float mean = p.Axes.IsCentred != 0 ? p.Means[element.Statistic] : 0;
            float scale = p.Axes.Scale(p.Variances[element.Statistic]);
            p.Y[i] = Normal(p, element.Channel, p.X[i], mean, scale);
        }
    }

    // Mean (or 0) and sum of squared deviations of elements begin to end of a line.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Pair Moments<TMean>(ArrayView<float> scratch, NormalizeLine at, ArrayView<float> x, long begin, long end)
        where TMean : struct, INormalizeMean
    {
        long last = at.IsPresent ? end : begin;
        float mean = 0;
        if (TMean.IsCentred)
        {
            float total = 0;
            for (long i = begin + at.Line.Lane; i < last; i += at.Line.Width)
            {
                total += x[at.At(i)];
            }
            mean = Line.Sum(scratch, at.Line, total) / (end - begin);
        }
        float sum = 0;
        for (long i = begin + at.Line.Lane; i < last; i += at.Line.Width)
        {
            float away = x[at.At(i)] - mean;
            sum = Intrinsics.Fma(away, away, sum);
        }
        Pair moments = default;
        moments.First = mean;
        moments.Second = Line.Sum(scratch, at.Line, sum);
        return moments;
    }

    // Elements of a piece, the last of which may have fewer.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Count(NormalizeArguments p, long size, int piece)
    {
        long left = size - ((long)piece * p.Piece);
        return left < p.Piece ? left : p.Piece;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Normal(NormalizeArguments p, NormalizeChannel channel, float x, float mean, float scale) =>
        Intrinsics.Fma((x - mean) * scale, p.Axes.Gain(p.Gain, channel), p.Axes.Bias(p.Bias, channel));
}

/// <summary>Whether the mean is taken away. A structure, because a sum over a group may not stand under a condition of the device.</summary>
internal interface INormalizeMean
{
    static abstract bool IsCentred { get; }
}

/// <summary>It is.</summary>
internal struct Centred : INormalizeMean
{
    public static bool IsCentred => true;
}

/// <summary>It is not.</summary>
internal struct Uncentred : INormalizeMean
{
    public static bool IsCentred => false;
}

/// <summary>Arguments of <see cref="NormalizeKernels"/>: pieces and pairs where lines are cut, a count where a thread takes an element.</summary>
internal struct NormalizeArguments
{
    public NormalizeAxes Axes;
    public int WidthBits;
    public int Piece;
    public int Pieces;
    public long Count;
    public ArrayView<float> X;
    public ArrayView<float> Gain;
    public ArrayView<float> Bias;
    public ArrayView<float> Y;
    public ArrayView<float> Means;
    public ArrayView<float> Variances;
    public ArrayView<float> Pairs;
}
