namespace HyperKernels.Models;

/// <summary>What a modulation z does to the activations a of a <see cref="ModulatedField"/>.</summary>
public enum FieldModulation
{
    /// <summary>There is none: a plain field.</summary>
    None,

    /// <summary><c>a + z</c></summary>
    Shift,

    /// <summary><c>gamma a + beta</c> with z both of them; nothing is added to gamma.</summary>
    Film,

    /// <summary>z stands behind a; layers that read it are as much wider.</summary>
    Concatenate,
}
