namespace HyperKernels.Models;

/// <summary>How finely an architecture weighs the experts of a <see cref="SupernetLinear"/>.</summary>
public enum SupernetRouting
{
    /// <summary>One coefficient per expert for the whole layer.</summary>
    Layer,

    /// <summary>For every output neuron coefficients of its own.</summary>
    Neuron,
}
