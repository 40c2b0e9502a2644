using BenchmarkDotNet.Attributes;
using HyperKernels.Cases;
using HyperKernels.Cases.Sized;

namespace HyperKernels.Bench;

/// <summary>The catalogue's benchmark rows, forward.</summary>
public class OpBench : SubjectBench
{
    public static IEnumerable<string> Rows => Catalogue.Ops.Where(row => row.Benchmark).Select(row => row.Name);

    [ParamsSource(nameof(Rows))]
    public string Row { get; set; } = "";

    [Benchmark]
    public void Forward() => RunForward();

    private protected override BenchSubject Make() => MakeRow(Row);

    internal static BenchSubject MakeRow(string name)
    {
        OpCase row = Catalogue.Ops.Single(known => known.Benchmark && known.Name == name);
        CaseResult result = Conformance.Forward(row, Device.Cpu);
        return result.Passed ? BenchSubject.Of(row, Device.Cpu) : throw new InvalidOperationException($"{name} gives wrong values: {result.Reason}.");
    }
}
