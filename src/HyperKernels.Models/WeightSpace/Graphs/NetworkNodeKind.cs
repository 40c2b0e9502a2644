namespace HyperKernels.Models;

/// <summary>What a node of a <see cref="NetworkGraph"/> stands for: the types of the Forecasting Model Search code, in its order.</summary>
public enum NetworkNodeKind
{
    /// <summary>An input, hidden unit or output of linear layers.</summary>
    Neuron,

    /// <summary>Where a linear layer's biases come from.</summary>
    Bias,

    /// <summary>A channel of a convolution.</summary>
    Channel,

    /// <summary>Where a convolution's biases come from.</summary>
    ChannelBias,

    /// <summary>Where a batch norm's gains come from.</summary>
    BatchNormGain,

    /// <summary>Where a batch norm's biases come from.</summary>
    BatchNormShift,

    /// <summary>Where the gains of a norm over features come from.</summary>
    LayerNormGain,

    /// <summary>Where the biases of a norm over features come from.</summary>
    LayerNormShift,

    /// <summary>Where a group norm's gains come from.</summary>
    GroupNormGain,

    /// <summary>Where a group norm's biases come from.</summary>
    GroupNormShift,

    /// <summary>Where an instance norm's gains come from; no layer of this library.</summary>
    InstanceNormGain,

    /// <summary>Where an instance norm's biases come from; no layer of this library.</summary>
    InstanceNormShift,

    /// <summary>A feature of an attention layer; not read from layers.</summary>
    AttentionNeuron,

    /// <summary>Where an attention layer's biases come from; not read from layers.</summary>
    AttentionBias,

    /// <summary>A feature of a layer over sets; not read from layers.</summary>
    SetNeuron,

    /// <summary>Where the biases of a layer over sets come from; not read from layers.</summary>
    SetBias,

    /// <summary>A cell of a grid of features; not read from layers.</summary>
    Grid,
}
