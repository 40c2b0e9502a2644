namespace HyperKernels;

/// <summary>What lies outside an image that is sampled at places of a grid.</summary>
public enum GridPadding
{
    /// <summary>Zeros.</summary>
    Zeros,

    /// <summary>The pixels of the image's border.</summary>
    Border,
}
