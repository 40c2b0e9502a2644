namespace HyperKernels.IO;

/// <summary>Parts of <see cref="HypergraphData"/> that only some formats can hold.</summary>
[Flags]
internal enum HypergraphParts
{
    None = 0,
    Kind = 1 << 0,
    NodeNames = 1 << 1,
    EdgeNames = 1 << 2,
    NodeWeights = 1 << 3,
    EdgeWeights = 1 << 4,
    MembershipWeights = 1 << 5,
    Roles = 1 << 6,
    NodeLabels = 1 << 7,
    NodeLabelNames = 1 << 8,
    EdgeLabels = 1 << 9,
    MembershipLabels = 1 << 10,
    EdgeTimes = 1 << 11,
    NodeFeatures = 1 << 12,
    Metadata = 1 << 13,
    NodeAttributes = 1 << 14,
    EdgeAttributes = 1 << 15,
    MembershipAttributes = 1 << 16,
}
