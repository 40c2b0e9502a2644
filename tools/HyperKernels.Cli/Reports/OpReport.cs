namespace HyperKernels.Cli.Reports;

/// <summary>One op of the catalogue.</summary>
internal sealed record OpReport(
    string Op,
    int Rows,
    IReadOnlyList<string> Inputs,
    bool Differentiable,
    bool TwiceDifferentiable,
    bool Benchmark,
    double Tolerance);
