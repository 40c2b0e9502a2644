namespace HyperKernels.Models;

/// <summary>The choices of a <see cref="HyperShot"/>; the defaults are those of the authors' code.</summary>
public sealed record HyperShotOptions
{
    /// <summary>How two embeddings are related.</summary>
    public SupportKernel Kernel { get; init; } = SupportKernel.CosineDistance;

    /// <summary>How a class's examples become rows.</summary>
    public SupportAggregation Aggregation { get; init; } = SupportAggregation.Concatenate;

    /// <summary>Layers before the heads; none reads the kernel matrix as it is.</summary>
    public int NeckLayers { get; init; }

    /// <summary>Layers of each head, one head for each tensor of the classifier.</summary>
    public int HeadLayers { get; init; } = 2;

    /// <summary>The width of neck and heads.</summary>
    public int HiddenFeatures { get; init; } = 256;

    /// <summary>Layers of the classifier that is generated.</summary>
    public int TargetLayers { get; init; } = 1;

    /// <summary>The width between them.</summary>
    public int TargetHiddenFeatures { get; init; } = 120;

    /// <summary>Hidden layers of the kernel's MLP, where there is one.</summary>
    public int KernelLayers { get; init; } = 2;

    /// <summary>Their width.</summary>
    public int KernelHiddenFeatures { get; init; } = 128;

    /// <summary>The size of what it gives.</summary>
    public int KernelFeatures { get; init; } = 1600;
}
