namespace HyperKernels.Models;

/// <summary>What an edge of a <see cref="NetworkGraph"/> stands for: the types of the Forecasting Model Search code, in its order.</summary>
public enum NetworkEdgeKind
{
    /// <summary>A linear or recurrent layer's weight.</summary>
    LinearWeight,

    /// <summary>A linear or recurrent layer's bias.</summary>
    LinearBias,

    /// <summary>A convolution's kernel, or one value of it.</summary>
    ConvWeight,

    /// <summary>A convolution's bias.</summary>
    ConvBias,

    /// <summary>A connection without a weight: the value 1.</summary>
    Residual,

    /// <summary>A batch norm's gain.</summary>
    BatchNormGain,

    /// <summary>A batch norm's bias.</summary>
    BatchNormShift,

    /// <summary>The gain of a norm over features.</summary>
    LayerNormGain,

    /// <summary>The bias of a norm over features.</summary>
    LayerNormShift,

    /// <summary>A group norm's gain.</summary>
    GroupNormGain,

    /// <summary>A group norm's bias.</summary>
    GroupNormShift,

    /// <summary>An instance norm's gain; no layer of this library.</summary>
    InstanceNormGain,

    /// <summary>An instance norm's bias; no layer of this library.</summary>
    InstanceNormShift,

    /// <summary>A cell of a grid of features; not read from layers.</summary>
    Grid,
}
