namespace HyperKernels.Backends.Gpu;

internal sealed unsafe partial class GpuBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances)
    {
        GpuNormalizeSizes axes = new(sizes);
        LineLayout layout = axes.Layout(sizes);
        if (layout.Pieces == 1)
        {
            ForGroups("normalize/normalize_lines", layout.Groups, [KernelArgument.Of(&axes), layout.Width, x, gain, bias, y, means, variances]);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef pairs = Scratch(2 * layout.Lines * layout.Pieces);
            ForGroups(
                "normalize/normalize_pieces", layout.Groups * layout.Pieces,
                [KernelArgument.Of(&axes), layout.Width, layout.Piece, layout.Pieces, x, pairs]);
            LineLayout join = new(layout.Lines, layout.Pieces, 1);
            ForGroups(
                "normalize/normalize_join", join.Groups,
                [KernelArgument.Of(&axes), join.Width, layout.Piece, layout.Pieces, pairs, means, variances]);
        }
        long count = layout.Lines * sizes.Size;
        ForEach("normalize/normalize_apply", count, [KernelArgument.Of(&axes), count, x, gain, bias, means, variances, y]);
    }

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y)
    {
        GpuNormalizeSizes axes = new(sizes);
        LineLayout layout = axes.Layout(sizes);
        if (layout.Pieces == 1)
        {
            ForGroups("normalize/normalize_grad_lines", layout.Groups, [KernelArgument.Of(&axes), layout.Width, x, gain, means, variances, gradient, y]);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef pairs = Scratch(2 * layout.Lines * (layout.Pieces + 1));
            BufferRef sums = pairs.Skip(2 * layout.Lines * layout.Pieces);
            ForGroups(
                "normalize/normalize_grad_pieces", layout.Groups * layout.Pieces,
                [KernelArgument.Of(&axes), layout.Width, layout.Piece, layout.Pieces, x, gain, means, gradient, pairs]);
            SumPairs(layout, pairs, 2, sums, sums.Skip(1));
            long count = layout.Lines * sizes.Size;
            ForEach("normalize/normalize_grad_apply", count, [KernelArgument.Of(&axes), count, x, gain, means, variances, gradient, sums, y]);
        }
    }

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias)
    {
        GpuNormalizeSizes axes = new(sizes);
        int channels = sizes.Groups * sizes.Channels;
        LineLayout layout = new((long)sizes.Sets * channels, (long)axes.PerSet * sizes.Inner, sizes.Inner == 1 ? channels : 1);
        if (layout.Pieces == 1)
        {
            ParameterSums(&axes, layout, x, means, variances, gradient, 1, gain, bias);
            return;
        }
        lock (_scratchGate)
        {
            BufferRef pairs = Scratch(2 * layout.Lines * layout.Pieces);
            ParameterSums(&axes, layout, x, means, variances, gradient, 2, pairs, pairs.Skip(1));
            SumPairs(layout, pairs, 1, gain, bias);
        }
    }

    private void ParameterSums(
        GpuNormalizeSizes* axes, in LineLayout layout, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient,
        int step, BufferRef? gain, BufferRef? bias) =>
        ForGroups(
            "normalize/normalize_grad_parameters", layout.Groups * layout.Pieces,
            [KernelArgument.Of(axes), layout.Width, layout.Lines, layout.Piece, layout.Pieces, x, means, variances, gradient, step, gain, bias]);

    private void SumPairs(in LineLayout layout, BufferRef pairs, int step, BufferRef? first, BufferRef? second)
    {
        LineLayout join = new(layout.Lines, layout.Pieces, 1);
        ForGroups("normalize/sum_pairs", join.Groups, [join.Lines, join.Width, layout.Pieces, pairs, step, first, second]);
    }

    /// <summary>NORMALIZE_SIZES of <c>normalize.c</c>.</summary>
    private readonly struct GpuNormalizeSizes(in NormalizeSizes sizes)
    {
        public readonly int Outer = sizes.Outer;
        public readonly int Groups = sizes.Groups;
        public readonly int Channels = sizes.Channels;
        public readonly int Inner = sizes.Inner;
        public readonly int AcrossOuter = sizes.AcrossOuter ? 1 : 0;
        public readonly int Centred = sizes.Centred ? 1 : 0;
        public readonly float Epsilon = sizes.Epsilon;
        public readonly int PerSet = sizes.Outer / sizes.Sets;
        public readonly long StrideGain = sizes.StrideGain;
        public readonly long StrideBias = sizes.StrideBias;

        /// <summary>Lines are what statistics are taken over.</summary>
        public LineLayout Layout(in NormalizeSizes sizes) =>
            new(sizes.Statistics, sizes.Size, sizes.AcrossOuter && sizes.Inner == 1 ? sizes.Groups : 1);
    }
}
