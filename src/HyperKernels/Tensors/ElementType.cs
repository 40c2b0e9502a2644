namespace HyperKernels;

/// <summary>What a tensor holds.</summary>
public enum ElementType
{
    /// <summary>IEEE 754 single precision: every value that is computed with.</summary>
    Float32,

    /// <summary>32-bit signed integers: labels, rows, positions.</summary>
    Int32,
}
