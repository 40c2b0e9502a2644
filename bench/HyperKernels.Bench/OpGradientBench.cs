using BenchmarkDotNet.Attributes;
using HyperKernels.Cases;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Bench;

/// <summary>The catalogue's benchmark rows that have a gradient, forward and backward.</summary>
public class OpGradientBench : SubjectBench
{
    public static IEnumerable<string> Rows =>
        Catalogue.Ops.Where(row => row.Benchmark && row.Inputs.Any(input => input.Differentiable)).Select(row => row.Name);

    [ParamsSource(nameof(Rows))]
    public string Row { get; set; } = "";

    [Benchmark]
    public void ForwardAndBackward() => RunTraining();

    private protected override BenchSubject Make() => OpBench.MakeRow(Row);
}
