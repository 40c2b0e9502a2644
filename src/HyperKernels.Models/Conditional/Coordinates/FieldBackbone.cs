namespace HyperKernels.Models;

/// <summary>How a <see cref="ModulatedField"/> computes, and with it where modulations act.</summary>
public enum FieldBackbone
{
    /// <summary>Linear layers with the tanh form of gelu, none behind the first; modulated before each gelu.</summary>
    Mlp,

    /// <summary>Sines; modulated behind each sine, that is before the next linear layer and before the last one.</summary>
    Siren,

    /// <summary>A <see cref="HashGridEncoding"/> and linear layers with leaky ReLU; modulated behind every linear layer and again behind its activation.</summary>
    HashGrid,
}
