namespace HyperKernels.Models;

/// <summary>A parameter or a running statistic that a <see cref="NetworkGraph"/> reads.</summary>
internal sealed record NetworkTensor(string Name, Shape Shape, bool IsStatistic)
{
    /// <summary>The name of a batch norm's mean inside it.</summary>
    public const string Mean = "running_mean";

    /// <summary>The name of a batch norm's variance inside it.</summary>
    public const string Variance = "running_var";
}
