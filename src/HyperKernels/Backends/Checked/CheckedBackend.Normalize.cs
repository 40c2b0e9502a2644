namespace HyperKernels.Backends.Checked;

internal sealed partial class CheckedBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances)
    {
        long count = Elements(sizes);
        Check(x, count);
        Check(gain, Reach(sizes.Sets, sizes.StrideGain, Width(sizes)));
        Check(bias, Reach(sizes.Sets, sizes.StrideBias, Width(sizes)));
        Check(y, count);
        Check(means, sizes.Statistics);
        Check(variances, sizes.Statistics);
        using Loan loan = Hold(y);
        using Loan statistics = Hold(means, variances);
        Target.Normalize(sizes, x, gain, bias, y, means, variances);
        Keep(x, gain, bias, y, means, variances);
    }

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y)
    {
        long count = Elements(sizes);
        Check(x, count);
        Check(gain, Reach(sizes.Sets, sizes.StrideGain, Width(sizes)));
        Check(means, sizes.Statistics);
        Check(variances, sizes.Statistics);
        Check(gradient, count);
        Check(y, count);
        using Loan loan = Hold(y);
        Target.NormalizeGradient(sizes, x, gain, means, variances, gradient, y);
        Keep(x, gain, means, variances, gradient, y);
    }

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias)
    {
        long count = Elements(sizes);
        Check(x, count);
        Check(means, sizes.Statistics);
        Check(variances, sizes.Statistics);
        Check(gradient, count);
        Check(gain, sizes.Sets * Width(sizes));
        Check(bias, sizes.Sets * Width(sizes));
        using Loan loan = Hold(gain, bias);
        Target.NormalizeParameterGradient(sizes, x, means, variances, gradient, gain, bias);
        Keep(x, means, variances, gradient, gain, bias);
    }

    private static long Width(in NormalizeSizes sizes) => (long)sizes.Groups * sizes.Channels;

    private static long Elements(in NormalizeSizes sizes) => sizes.Outer * Width(sizes) * sizes.Inner;
}
