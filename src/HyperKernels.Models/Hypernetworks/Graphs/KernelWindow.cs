namespace HyperKernels.Models;

/// <summary>Where a small kernel lies in the largest one that a decoder makes.</summary>
public enum KernelWindow
{
    /// <summary>In its first rows and columns, as in GHN-2.</summary>
    TopLeft,

    /// <summary>In its middle, as in GHN-3.</summary>
    Centre,
}
