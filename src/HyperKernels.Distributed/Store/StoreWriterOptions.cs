namespace HyperKernels.Distributed;

/// <summary>What a <see cref="HypergraphStoreWriter"/> writes, and how much memory it takes.</summary>
public sealed record StoreWriterOptions
{
    /// <summary>F: numbers of a node; 0, as it is unless set, for none.</summary>
    public int FeatureCount { get; init; }

    /// <summary>How many classes the labels of nodes name; 0, as it is unless set, for no labels.</summary>
    public int Classes { get; init; }

    /// <summary>About how many memberships will come: from it follows into how many temporary files they are spread; 64 of them unless set.</summary>
    public long ExpectedMemberships { get; init; }

    /// <summary>How much memory buffers and sorting may take, in bytes; 256 MiB unless set.</summary>
    public long WorkingBytes { get; init; } = 256 << 20;

    /// <summary>Whether the manifest gets checksums (CRC-32C); true unless set.</summary>
    public bool Checksums { get; init; } = true;
}
