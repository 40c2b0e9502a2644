namespace HyperKernels.Cli.Recipes;

/// <summary>How tokens of an image learn of each other.</summary>
internal enum TokenMixer
{
    /// <summary>Not at all, before their mean is taken.</summary>
    None,

    /// <summary>By soft hyperedges.</summary>
    Soft,

    /// <summary>By soft hyperedges of which each image keeps few.</summary>
    Selected,

    /// <summary>By attention of each to each.</summary>
    Attention,
}
