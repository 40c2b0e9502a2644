namespace HyperKernels.Models;

/// <summary>What kind of fixed matrix takes a latent vector to weights.</summary>
public enum ProjectionKind
{
    /// <summary>Standard normal numbers times each tensor's own deviation, drawn from a seed whenever they are needed.</summary>
    Normal,

    /// <summary>The same with uniform numbers of variance one, which take about half the time to draw.</summary>
    Uniform,

    /// <summary>Normal numbers whose columns, over all tensors, are scaled to unit length; drawn from a seed whenever they are needed.</summary>
    UnitColumns,

    /// <summary>One number of the latent for each weight, chosen by chance, times a random sign and the tensor's own deviation: weights that share by hashing.</summary>
    Hashed,

    /// <summary>A matrix that is given and kept in the file.</summary>
    Given,
}
