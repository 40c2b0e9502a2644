namespace HyperKernels.Distributed;

/// <summary>How a <see cref="HypergraphStore"/> is read.</summary>
public sealed record StoreOptions
{
    /// <summary>How many bytes of mapped files may be resident at once; 1 GiB unless set.</summary>
    public long ResidentBytes { get; init; } = 1 << 30;

    /// <summary>
    /// Whether rows of a batch are announced to the system before they are read, so that a disk serves many at a time. Costs a microsecond a row where they are in its
    /// cache already; unless set, true where the files are larger than a quarter of the machine's memory.
    /// </summary>
    public bool? Announces { get; init; }
}
