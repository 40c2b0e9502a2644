using ILGPU;

namespace HyperKernels.Gpu;

/// <summary>
/// The three products of a convolution for groups with few channels on the side of the result, such as depthwise ones: a thread per element, or a group.
/// </summary>
internal static class ConvPlainKernels
{
    /// <summary>Elements of a sample that a group of <see cref="Forward"/> or <see cref="Input"/> computes.</summary>
    public const int Elements = 1024;

    /// <summary>y, for groups with few output channels.   One group per 1024 elements of a sample, or fewer at its end, and sample.</summary>
    [Kernel]
    public static void Forward(ConvPlainArguments p)
    {
        ConvShape s = p.Shape;
        int count = s.Outputs * s.OutPixels;
        int sample = p.ByBlocks.Quotient(Threads.Group);
        int first = (Threads.Group - (sample * p.Blocks)) * Elements;
        int end = count - first < Elements ? count : first + Elements;
        int set = s.BySamplesPerSet.Quotient(sample);
        long x = sample * s.SampleX;
        long y = sample * s.SampleY;
        long w = set * s.SetW;
        long bias = set * s.SetBias;
        for (int at = first + Threads.Local; at < end; at += 256)
        {
            // The output channel counts as a sample here.
            ConvPixel pixel = ConvPixel.Output(s, at);
            int output = pixel.Sample;
            long weights = w + ((long)output * s.GroupInputs * s.Places);
            long from = x + ((long)s.ByGroupOutputs.Quotient(output) * s.GroupInputs * s.Pixels);
            float sum = p.Bias.Length > 0 ? p.Bias[bias + output] : 0f;
            for (int i = 0; i < s.GroupInputs; i++)
            {
                for (int r = 0; r < s.Down.Kernel; r++)
                {
                    int row = ConvAxis.Meets(s.Down, pixel.Row, r);
                    if (ConvAxis.Has(s.Down, row))
                    {
                        for (int c = 0; c < s.Across.Kernel; c++)
                        {
                            int column = ConvAxis.Meets(s.Across, pixel.Column, c);
                            if (ConvAxis.Has(s.Across, column))
                            {
                                sum = Intrinsics.Fma(p.W[weights + ((r * s.Across.Kernel) + c)], p.X[from + ((row * s.Across.Size) + column)], sum);
                            }
                        }
                    }
                }
                weights += s.Places;
                from += s.Pixels;
            }
            p.Y[y + at] = sum;
        }
    }

    /// <summary>x, for groups with few input channels.   One group per 1024 elements of a sample, or fewer at its end, and sample.</summary>
    [Kernel]
    public static void Input(ConvPlainArguments p)
    {
        ConvShape s = p.Shape;
        int count = s.Inputs * s.Pixels;
        int sample = p.ByBlocks.Quotient(Threads.Group);
        int first = (Threads.Group - (sample * p.Blocks)) * Elements;
        int end = count - first < Elements ? count : first + Elements;
        long x = sample * s.SampleX;
        long y = sample * s.SampleY;
        long w = s.BySamplesPerSet.Quotient(sample) * s.SetW;
        for (int at = first + Threads.Local; at < end; at += 256)
        {
            // The input channel counts as a sample here.
            ConvPixel pixel = ConvPixel.Input(s, at);
            int input = pixel.Sample;
            int group = s.ByGroupInputs.Quotient(input);
            long weights = w + ((((long)group * s.GroupOutputs * s.GroupInputs) + input - (group * s.GroupInputs)) * s.Places);
            long from = y + ((long)group * s.GroupOutputs * s.OutPixels);
            float sum = 0;
            for (int o = 0; o < s.GroupOutputs; o++)
            {
                for (int r = 0; r < s.Down.Kernel; r++)
                {
                    int row = ConvAxis.MetFrom(s.Down, pixel.Row, r);
                    if (row >= 0)
                    {
                        for (int c = 0; c < s.Across.Kernel; c++)
                        {
                            int column = ConvAxis.MetFrom(s.Across, pixel.Column, c);
                            if (column >= 0)
                            {
                                sum = Intrinsics.Fma(p.W[weights + ((r * s.Across.Kernel) + c)], p.Y[from + ((row * s.Across.OutSize) + column)], sum);
                            }
                        }
                    }
                }
                weights += (long)s.GroupInputs * s.Places;
                from += s.OutPixels;
            }
            p.X[x + at] = sum;
        }
    }

    /// <summary>w, for groups with few output channels: threads stride over the pixels of the set's samples.   One group per element.</summary>
    [Kernel]
    public static void Kernel(ConvPlainArguments p)
    {
        ArrayView<float> scratch = SharedMemory.Allocate1D<float>(GroupSum.Scratch).AsContiguous();
        ConvShape s = p.Shape;
        int depth = s.GroupInputs * s.Places;
        int line = s.ByDepth.Quotient(Threads.Group);
        int set = s.ByOutputs.Quotient(line);
        int output = line - (set * s.Outputs);
        ConvTap tap = ConvTap.Of(s, Threads.Group - (line * depth));
        int input = (s.ByGroupOutputs.Quotient(output) * s.GroupInputs) + tap.Channel;
        long x = (set * s.SamplesPerSet * s.SampleX) + ((long)input * s.Pixels);
        long y = (set * s.SamplesPerSet * s.SampleY) + ((long)output * s.OutPixels);
        float sum = 0;
        for (int n = Threads.Local; n < s.SamplesPerSet * s.OutPixels; n += 256)
        {
            ConvPixel pixel = ConvPixel.Output(s, n);
            int row = ConvAxis.Meets(s.Down, pixel.Row, tap.Row);
            int column = ConvAxis.Meets(s.Across, pixel.Column, tap.Column);
            if (ConvAxis.Has(s.Down, row) && ConvAxis.Has(s.Across, column))
            {
                sum = Intrinsics.Fma(
                    p.Y[y + (pixel.Sample * s.SampleY) + ((pixel.Row * s.Across.OutSize) + pixel.Column)],
                    p.X[x + (pixel.Sample * s.SampleX) + ((row * s.Across.Size) + column)],
                    sum);
            }
        }
        sum = GroupSum.Of(scratch, sum);
        if (Threads.Local == 0)
        {
            p.W[(set * s.SetW) + ((long)output * depth) + (Threads.Group - (line * depth))] = sum;
        }
    }
}

/// <summary>Arguments of <see cref="ConvPlainKernels"/>; blocks: groups that share out a sample.</summary>
internal struct ConvPlainArguments
{
    public ConvShape Shape;
    public int Blocks;
    public Divisor ByBlocks;
    public ArrayView<float> X;
    public ArrayView<float> W;
    public ArrayView<float> Bias;
    public ArrayView<float> Y;
}
