namespace HyperKernels.Cli.Training;

/// <summary>A logged number. <c>mip/accuracy</c> is the accuracy of the run called mip: curves of one name share a chart.</summary>
internal readonly record struct Metric(string Name, double Value)
{
    /// <summary>The part before the slash; empty where there is one run only.</summary>
    public string Run => Name.Contains('/', StringComparison.Ordinal) ? Name[..Name.IndexOf('/', StringComparison.Ordinal)] : "";

    /// <summary>The part behind the slash.</summary>
    public string Quantity => Name[(Name.IndexOf('/', StringComparison.Ordinal) + 1)..];
}
