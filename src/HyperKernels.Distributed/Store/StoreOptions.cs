namespace HyperKernels.Distributed;

/// <summary>How a <see cref="HypergraphStore"/> is read.</summary>
public sealed record StoreOptions
{
    /// <summary>How many bytes of mapped files may be resident at once; 1 GiB unless set.</summary>
    public long ResidentBytes { get; init; } = 1 << 30;
}
