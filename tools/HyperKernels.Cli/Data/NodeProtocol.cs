namespace HyperKernels.Cli.Data;

/// <summary>Which nodes a classification of nodes trains on, and when it takes its accuracy.</summary>
internal enum NodeProtocol
{
    /// <summary>The published splits: few training nodes, all others to test, accuracy after the last epoch. Features of a node add up to one.</summary>
    Published,

    /// <summary>Half of the nodes to train, a quarter to validate, a quarter to test; accuracy at the best validation epoch.</summary>
    Half,
}
