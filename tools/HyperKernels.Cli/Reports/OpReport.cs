namespace HyperKernels.Cli.Reports;

/// <summary>One op, layer or optimiser of the catalogue.</summary>
/// <param name="Kind"><c>op</c>, <c>layer</c> or <c>optimizer</c>.</param>
/// <param name="Name">What its cases are called.</param>
/// <param name="Rows">How many cases check it.</param>
/// <param name="Inputs">What its output depends on; a layer's parameters first. Optimisers have none of their own.</param>
/// <param name="Differentiable">Whether gradients are checked.</param>
/// <param name="TwiceDifferentiable">Whether gradients of gradients are.</param>
/// <param name="Benchmark">Whether <c>bench</c> knows it.</param>
/// <param name="Tolerance">The loosest of its cases' tolerances.</param>
internal sealed record OpReport(
    string Kind,
    string Name,
    int Rows,
    IReadOnlyList<string> Inputs,
    bool Differentiable,
    bool TwiceDifferentiable,
    bool Benchmark,
    double Tolerance);
