namespace HyperKernels.Models;

/// <summary>How nodes and edges of a <see cref="GraphMetaNetwork"/> hear of each other.</summary>
public enum GraphMessage
{
    /// <summary>Products of what both ends and the edge say, both ways along every edge: MetaPruning.</summary>
    Product,

    /// <summary>Linear layers over what stands side by side, along the edges: Forecasting Model Search.</summary>
    Mlp,
}
