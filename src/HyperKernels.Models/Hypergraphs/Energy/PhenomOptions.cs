namespace HyperKernels.Models;

/// <summary>The choices of PhenomNN; without changes the authors' defaults.</summary>
public sealed record PhenomOptions
{
    /// <summary>lambda0: the weight of the clique expansion.</summary>
    public float Lambda0 { get; init; } = 10;

    /// <summary>lambda1: the weight of the star expansion.</summary>
    public float Lambda1 { get; init; } = 10;

    /// <summary>alpha: how far each step goes; 0 means <c>1 / (1 + lambda0 + lambda1)</c>.</summary>
    public float Alpha { get; init; } = 1;

    /// <summary>How many steps are made.</summary>
    public int Steps { get; init; } = 16;

    /// <summary>Whether features are compared through learned matrices (the full model); else as they are (the simple one).</summary>
    public bool Compatibility { get; init; }

    /// <summary>The share of features, and of hidden values, that training sets to zero.</summary>
    public float Dropout { get; init; } = 0.5f;
}
