namespace HyperKernels.Cli.Data;

/// <summary>Which nodes get a hyperedge of their own.</summary>
internal enum NodeLoops
{
    /// <summary>None: most networks know nothing of a node that is in no hyperedge.</summary>
    None,

    /// <summary>Those in no hyperedge.</summary>
    Isolated,

    /// <summary>All.</summary>
    All,
}
