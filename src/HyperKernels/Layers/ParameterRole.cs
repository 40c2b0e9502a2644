namespace HyperKernels.Layers;

/// <summary>What a parameter does in its layer: decides how it is initialised and how a hypernetwork generates it.</summary>
public enum ParameterRole
{
    /// <summary>A matrix or a set of kernels, outputs first: it has a fan-in and a fan-out.</summary>
    Weight,

    /// <summary>Added to the outputs of a weight, or to normalised values.</summary>
    Bias,

    /// <summary>Multiplies normalised values; starts at one.</summary>
    Gain,

    /// <summary>Rows that are looked up, not multiplied: an embedding.</summary>
    Table,
}
