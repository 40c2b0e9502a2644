namespace HyperKernels.Backends.Watched;

internal sealed partial class WatchedBackend
{
    public void Normalize(in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? bias, BufferRef y, BufferRef? means, BufferRef variances)
    {
        NormalizeSizes given = sizes;
        Watch(new OpCall(
            nameof(Normalize),
            (on, at) => on.Normalize(given, at[x], at[gain], at[bias], at[y], at[means], at[variances]),
            () => new Operands()
                .Reads(nameof(x), x, Values(given))
                .Reads(nameof(gain), gain, Sets(given, given.StrideGain))
                .Reads(nameof(bias), bias, Sets(given, given.StrideBias))
                .Writes(nameof(y), y, Values(given))
                .Writes(nameof(means), means, Extent.Dense(given.Statistics))
                .Writes(nameof(variances), variances, Extent.Dense(given.Statistics)))
        { Operations = () => 7.0 * Values(given).Count });
    }

    public void NormalizeGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? gain, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef y)
    {
        NormalizeSizes given = sizes;
        Watch(new OpCall(
            nameof(NormalizeGradient),
            (on, at) => on.NormalizeGradient(given, at[x], at[gain], at[means], at[variances], at[gradient], at[y]),
            () => new Operands()
                .Reads(nameof(x), x, Values(given))
                .Reads(nameof(gain), gain, Sets(given, given.StrideGain))
                .Reads(nameof(means), means, Extent.Dense(given.Statistics))
                .Reads(nameof(variances), variances, Extent.Dense(given.Statistics))
                .Reads(nameof(gradient), gradient, Values(given))
                .Writes(nameof(y), y, Values(given)))
        { Operations = () => 11.0 * Values(given).Count });
    }

    public void NormalizeParameterGradient(
        in NormalizeSizes sizes, BufferRef x, BufferRef? means, BufferRef variances, BufferRef gradient, BufferRef? gain, BufferRef? bias)
    {
        NormalizeSizes given = sizes;
        Watch(new OpCall(
            nameof(NormalizeParameterGradient),
            (on, at) => on.NormalizeParameterGradient(given, at[x], at[means], at[variances], at[gradient], at[gain], at[bias]),
            () => new Operands()
                .Reads(nameof(x), x, Values(given))
                .Reads(nameof(means), means, Extent.Dense(given.Statistics))
                .Reads(nameof(variances), variances, Extent.Dense(given.Statistics))
                .Reads(nameof(gradient), gradient, Values(given))
                .Writes(nameof(gain), gain, Extent.Dense(given.Sets, (long)given.Groups * given.Channels))
                .Writes(nameof(bias), bias, Extent.Dense(given.Sets, (long)given.Groups * given.Channels)))
        { Operations = () => 5.0 * Values(given).Count });
    }

    private static Extent Values(in NormalizeSizes sizes) => Extent.Dense(sizes.Outer, sizes.Groups, sizes.Channels, sizes.Inner);

    private static Extent Sets(in NormalizeSizes sizes, long stride) => Extent.Of((sizes.Sets, stride), ((long)sizes.Groups * sizes.Channels, 1));
}
