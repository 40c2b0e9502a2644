namespace HyperKernels.Models;

/// <summary>
/// What a node of an <see cref="ArchitectureGraph"/> computes. The first fifteen are those of DeepNets-1M, in its order; activations, reshapes and
/// dropout are no nodes, as there.
/// </summary>
public enum GraphOperation
{
    /// <summary>Maxima over windows.</summary>
    MaxPool,

    /// <summary>Means over windows.</summary>
    AveragePool,

    /// <summary>A convolution in groups of channels (a separable one's depthwise part).</summary>
    GroupedConv,

    /// <summary>A convolution in groups of channels with points apart.</summary>
    DilatedConv,

    /// <summary>Any other convolution, and a linear layer.</summary>
    Conv,

    /// <summary>Attention of several heads.</summary>
    Attention,

    /// <summary>Channels scaled by what is computed from all of them (squeeze and excitation).</summary>
    ChannelScale,

    /// <summary>The sum of what comes in.</summary>
    Sum,

    /// <summary>What comes in, side by side.</summary>
    Concatenation,

    /// <summary>The network's input.</summary>
    Input,

    /// <summary>A bias, behind the weight whose outputs it is added to.</summary>
    Bias,

    /// <summary>Batch norm, with its gain and its bias.</summary>
    BatchNorm,

    /// <summary>Layer norm, with its gain and its bias.</summary>
    LayerNorm,

    /// <summary>Learned encodings of positions.</summary>
    PositionEncoding,

    /// <summary>The mean over all positions.</summary>
    GlobalAverage,

    /// <summary>Group norm, with its gain and its bias; not in DeepNets-1M.</summary>
    GroupNorm,

    /// <summary>Root mean square norm, with its gain; not in DeepNets-1M.</summary>
    RmsNorm,

    /// <summary>Rows looked up in a table; not in DeepNets-1M.</summary>
    Table,

    /// <summary>Anything else; not in DeepNets-1M.</summary>
    Other,
}
