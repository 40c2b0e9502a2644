namespace HyperKernels.Models;

/// <summary>Where the coefficients come from with which a layer mixes its templates.</summary>
public enum TemplateSharing
{
    /// <summary>There are none: a layer's weight is the mean of its templates.</summary>
    Average,

    /// <summary>Every layer learns its own.</summary>
    Weighted,

    /// <summary>A linear layer of its group computes them from an embedding that the layer learns, and from conditions if there are some.</summary>
    Embedding,
}
