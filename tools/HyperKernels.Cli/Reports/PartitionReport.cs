namespace HyperKernels.Cli.Reports;

/// <summary>What training on a partitioned hypergraph gave and cost.</summary>
internal sealed record PartitionReport
{
    /// <summary>How many.</summary>
    public required int Processes { get; init; }

    /// <summary>Of the whole.</summary>
    public required int Nodes { get; init; }

    /// <summary>Of the whole.</summary>
    public required int Edges { get; init; }

    /// <summary>Of the whole.</summary>
    public required long Memberships { get; init; }

    /// <summary>Of a node.</summary>
    public required int Features { get; init; }

    /// <summary>Width between the convolutions.</summary>
    public required int Hidden { get; init; }

    /// <summary>How many.</summary>
    public required int Classes { get; init; }

    /// <summary>km1 of the partition.</summary>
    public required long Connectivity { get; init; }

    /// <summary>Hyperedges in more than one part.</summary>
    public required long Cut { get; init; }

    /// <summary>Of the largest part.</summary>
    public required double Imbalance { get; init; }

    /// <summary>By all processes in all timed steps, both ways.</summary>
    public required long SentRows { get; init; }

    /// <summary>Twice the connectivity for each sum over hyperedges.</summary>
    public required long BoundRows { get; init; }

    /// <summary>By all processes in one step for hyperedges.</summary>
    public required double HaloBytesAStep { get; init; }

    /// <summary>The median, of the slowest process.</summary>
    public required double SecondsAStep { get; init; }

    /// <summary>Of them in sums between processes, waiting for others included.</summary>
    public required double ExchangeSecondsAStep { get; init; }

    /// <summary>Processor seconds of a process in a step outside of sums between processes, the mean over processes.</summary>
    public required double ComputeSecondsAStep { get; init; }

    /// <summary>Processor seconds of a process in a step for packing and adding, the mean over processes.</summary>
    public required double PackSecondsAStep { get; init; }

    /// <summary>Bytes of tensors in the process that had most.</summary>
    public required double PeakBytes { get; init; }

    /// <summary>After the last step.</summary>
    public required double Loss { get; init; }

    /// <summary>Largest difference to the gradients of one process in the first step, beside the largest gradient; null where not asked for.</summary>
    public double? GradientDifference { get; init; }

    /// <summary>The same of the last step's logits.</summary>
    public double? LogitDifference { get; init; }
}
