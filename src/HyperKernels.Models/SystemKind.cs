namespace HyperKernels.Models;

/// <summary>What a published system is about; its files lie in the folder of that name.</summary>
public enum SystemKind
{
    /// <summary>Networks that generate the weights of other networks.</summary>
    Hypernetworks,

    /// <summary>Weights that are mixed, modulated or adapted by a condition or a sample.</summary>
    Conditional,

    /// <summary>Layers and losses over hypergraphs.</summary>
    Hypergraphs,

    /// <summary>Networks that read or write the weights of other networks as data.</summary>
    WeightSpace,
}
