using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>Every row of the catalogue, every property, every vector width of the processor and every other backend of this machine.</summary>
public sealed class ConformanceTests
{
    public static IEnumerable<TestCaseData> Rows => On(_ => true);

    public static IEnumerable<TestCaseData> DifferentiableRows => On(row => row.Inputs.Any(input => input.Differentiable));

    public static IEnumerable<TestCaseData> TwiceDifferentiableRows => On(row => row.TwiceDifferentiable);

    [TestCaseSource(nameof(Rows))]
    public void Forward_MatchesOracle(OpCase row, Device device) => Check(Conformance.Forward(row, device));

    [TestCaseSource(nameof(DifferentiableRows))]
    public void Gradient_MatchesOracleDifferences(OpCase row, Device device) => Check(Conformance.Gradient(row, device));

    [TestCaseSource(nameof(TwiceDifferentiableRows))]
    public void SecondGradient_MatchesOracleDifferences(OpCase row, Device device) => Check(Conformance.SecondGradient(row, device));

    [TestCaseSource(nameof(Rows))]
    public void Forward_StaysInItsBuffers(OpCase row, Device device) => Check(Conformance.StaysInItsBuffers(row, device));

    [TestCaseSource(nameof(Rows))]
    public void Forward_RepeatsBitForBit(OpCase row, Device device) => Check(Conformance.RepeatsBitForBit(row, device));

    private static IEnumerable<TestCaseData> On(Func<OpCase, bool> wanted) =>
        from device in Conformance.Devices
        from row in Catalogue.All
        where wanted(row)
        select new TestCaseData(row, device).SetArgDisplayNames($"{row.Name} on {device.Name}");

    private static void Check(CaseResult result) =>
        Assert.That(result.Passed, $"{result.Case} on {result.Backend}, {result.Property}: error {result.MaxError:G3} > {result.Tolerance:G3}; {result.Reason}");
}
