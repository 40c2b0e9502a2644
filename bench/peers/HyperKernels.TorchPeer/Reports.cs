using System.Text.Json;

namespace HyperKernels.TorchPeer;

/// <summary>What the program writes: the form of torch_rows.py, which table.py reads.</summary>
internal sealed record PeerReport(IReadOnlyDictionary<string, string> Versions, int Threads, Blas Blas, IReadOnlyList<WorkReport> Works);

/// <summary>What multiplies.</summary>
internal sealed record Blas(string Core, string Config, int Threads, string? Forced);

/// <summary>A line of the table.</summary>
internal sealed record WorkReport(int Row, string Op, string Sizes, IReadOnlyList<VariantReport> Variants);

/// <summary>One way to do a work.</summary>
internal sealed record VariantReport(string Variant, Figure? Forward, Figure? Train, string? Skipped = null);

/// <summary>A median with the middle half's width over it, and the number of samples.</summary>
internal sealed record Figure(double Ms, double Spread, int Runs);

internal static class Reports
{
    public static JsonSerializerOptions Options { get; } = new() { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, WriteIndented = true };
}
