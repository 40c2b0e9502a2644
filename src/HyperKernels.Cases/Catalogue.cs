namespace HyperKernels.Cases;

/// <summary>Every row of every op, in families.</summary>
public static class Catalogue
{
    /// <summary>All rows.</summary>
    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. ElementwiseCases.All,
        .. ConvCases.All,
        .. MatmulCases.All,
        .. GenerateCases.All,
        .. PoolCases.All,
        .. SegmentCases.All,
        .. SegmentReduceCases.All,
        .. SoftmaxCases.All,
        .. NormalizeCases.All,
        .. UnaryCases.All,
        .. ReduceCases.All,
        .. ShapeCases.All,
        .. GatherCases.All,
        .. RandomCases.All,
    ];
}
