namespace HyperKernels.Models;

/// <summary>What goes from step to step in a <see cref="RecurrentEmission"/>.</summary>
public enum RecurrentKind
{
    /// <summary>A long short-term memory: the published choice.</summary>
    Lstm,

    /// <summary>A gated recurrent unit.</summary>
    Gru,

    /// <summary>A plain recurrent network with tanh.</summary>
    Tanh,
}
