namespace HyperKernels.Models;

/// <summary>How experts are merged and where norms stand in SMEAR; the defaults are the paper's.</summary>
public sealed record SmearOptions
{
    /// <summary>That an expert is left out for a sample while training.</summary>
    public float ExpertDropout { get; init; }

    /// <summary>Whether what is left after <see cref="ExpertDropout"/> is scaled to sum to one again.</summary>
    public bool Renormalise { get; init; } = true;

    /// <summary>What is done to the router's rows.</summary>
    public RouterScaling Scaling { get; init; }

    /// <summary>Whether the router has a bias.</summary>
    public bool RouterBias { get; init; } = true;

    /// <summary>How many routers with experts of their own stand side by side in an adapter; what they give is averaged.</summary>
    public int Routers { get; init; } = 1;

    /// <summary>Whether an adapter normalises what it reads.</summary>
    public bool PreNorm { get; init; }

    /// <summary>Whether an adapter normalises what it adds.</summary>
    public bool PostNorm { get; init; }
}
