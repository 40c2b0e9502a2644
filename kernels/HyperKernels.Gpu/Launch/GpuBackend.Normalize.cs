using HyperKernels.Backends;

namespace HyperKernels.Gpu;

internal sealed partial class GpuBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances)
    {
        LineLayout layout = Layout(sizes);
        NormalizeArguments all = new()
        {
            Axes = NormalizeAxes.Of(sizes),
            WidthBits = layout.WidthBits,
            Piece = layout.Piece,
            Pieces = layout.Pieces,
            Count = layout.Lines * sizes.Size,
            X = Floats(x),
            Gain = Floats(gain),
            Bias = Floats(bias),
            Y = Floats(y),
            Means = Floats(means),
            Variances = Floats(variances),
        };
        if (layout.Pieces == 1)
        {
            ForGroups(sizes.Centred ? NormalizeKernels.Lines<Centred> : NormalizeKernels.Lines<Uncentred>, layout.Groups, all);
            return;
        }
        lock (_scratchGate)
        {
            all.Pairs = Floats(Scratch(2 * layout.Lines * layout.Pieces));
            ForGroups(sizes.Centred ? NormalizeKernels.Pieces<Centred> : NormalizeKernels.Pieces<Uncentred>, layout.Groups * layout.Pieces, all);
            LineLayout join = new(layout.Lines, layout.Pieces, 1);
            all.WidthBits = join.WidthBits;
            ForGroups(NormalizeKernels.Join, join.Groups, all);
        }
        ForEach(NormalizeKernels.Apply, all.Count, all);
    }

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y)
    {
        LineLayout layout = Layout(sizes);
        NormalizeGradientArguments all = new()
        {
            Axes = NormalizeAxes.Of(sizes),
            WidthBits = layout.WidthBits,
            Piece = layout.Piece,
            Pieces = layout.Pieces,
            Count = layout.Lines * sizes.Size,
            X = Floats(x),
            Gain = Floats(gain),
            Means = Floats(means),
            Variances = Floats(variances),
            Gradient = Floats(gradient),
            Y = Floats(y),
        };
        if (layout.Pieces == 1)
        {
            ForGroups(NormalizeGradientKernels.Lines, layout.Groups, all);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef pairs = Scratch(2 * layout.Lines * (layout.Pieces + 1));
            BufferRef sums = pairs.Skip(2 * layout.Lines * layout.Pieces);
            all.Pairs = Floats(pairs);
            ForGroups(NormalizeGradientKernels.Pieces, layout.Groups * layout.Pieces, all);
            SumPairs(layout, pairs, 2, sums, sums.Skip(1));
            all.Pairs = Floats(sums);
            ForEach(NormalizeGradientKernels.Apply, all.Count, all);
        }
    }

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias)
    {
        int channels = sizes.Groups * sizes.Channels;
        int perSet = sizes.Outer / sizes.Sets;
        LineLayout layout = new((long)sizes.Sets * channels, (long)perSet * sizes.Inner, sizes.Inner == 1 ? channels : 1);
        NormalizeParameterArguments all = new()
        {
            Axes = NormalizeAxes.Of(sizes),
            Lines = layout.Lines,
            WidthBits = layout.WidthBits,
            Piece = layout.Piece,
            Pieces = layout.Pieces,
            Step = 1,
            X = Floats(x),
            Means = Floats(means),
            Variances = Floats(variances),
            Gradient = Floats(gradient),
            Gain = Floats(gain),
            Bias = Floats(bias),
        };
        if (layout.Pieces == 1)
        {
            ForGroups(NormalizeGradientKernels.Parameters, layout.Groups, all);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef pairs = Scratch(2 * layout.Lines * layout.Pieces);
            all.Step = 2;
            all.Gain = Floats(pairs);
            all.Bias = Floats(pairs.Skip(1));
            ForGroups(NormalizeGradientKernels.Parameters, layout.Groups * layout.Pieces, all);
            SumPairs(layout, pairs, 1, gain, bias);
        }
    }

    // Lines are what statistics are taken over.
    private static LineLayout Layout(in NormalizeSizes sizes) =>
        new(sizes.Statistics, sizes.Size, sizes.AcrossOuter && sizes.Inner == 1 ? sizes.Groups : 1);

    private void SumPairs(in LineLayout layout, BufferRef pairs, int step, BufferRef? first, BufferRef? second)
    {
        LineLayout join = new(layout.Lines, layout.Pieces, 1);
        ForGroups(
            NormalizeGradientKernels.SumPairs,
            join.Groups,
            new SumPairsArguments
            {
                Lines = join.Lines,
                WidthBits = join.WidthBits,
                Pieces = layout.Pieces,
                Step = step,
                Pairs = Floats(pairs),
                First = Floats(first),
                Second = Floats(second),
            });
    }
}
