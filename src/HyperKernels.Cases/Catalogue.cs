namespace HyperKernels.Cases;

/// <summary>Every row: ops, layers and optimisers.</summary>
public static class Catalogue
{
    /// <summary>The rows of ops.</summary>
    public static IReadOnlyList<OpCase> Ops { get; } =
    [
        .. ElementwiseCases.All,
        .. ConvCases.All,
        .. MatmulCases.All,
        .. MatmulGroupedCases.All,
        .. GenerateCases.All,
        .. WeightCases.All,
        .. PoolCases.All,
        .. PoolGridCases.All,
        .. SegmentCases.All,
        .. SegmentReduceCases.All,
        .. SoftmaxCases.All,
        .. NormalizeCases.All,
        .. GatesCases.All,
        .. ElementwiseUnaryCases.All,
        .. ReduceCases.All,
        .. ShapeCases.All,
        .. GatherCases.All,
        .. GatherEmbeddingCases.All,
        .. RandomCases.All,
    ];

    /// <summary>The rows of layers.</summary>
    public static IReadOnlyList<LayerCase> Layers { get; } = [.. LayerCases.All];

    /// <summary>The rows of optimisers.</summary>
    public static IReadOnlyList<OptimizerCase> Optimizers { get; } = [.. OptimizerCases.All];

    /// <summary>All rows.</summary>
    public static IReadOnlyList<CatalogueCase> All { get; } = [.. Ops, .. Layers, .. Optimizers];
}
