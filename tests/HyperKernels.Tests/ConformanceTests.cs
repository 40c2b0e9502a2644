using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>Every row of the catalogue, every property, every vector width of the processor and every other backend of this machine.</summary>
[Parallelizable(ParallelScope.Children)]
public sealed class ConformanceTests
{
    [RowsOf(CaseKind.Op, CaseProperty.Forward)]
    public void Forward_MatchesOracle(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Op, CaseProperty.Gradient)]
    public void Gradient_MatchesOracleDifferences(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Op, CaseProperty.SecondGradient)]
    public void SecondGradient_MatchesOracleDifferences(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Op, CaseProperty.Guards)]
    public void Forward_StaysInItsBuffers(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Op, CaseProperty.Repeats)]
    public void Forward_RepeatsBitForBit(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.Forward)]
    public void Layer_MatchesOracle(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.Gradient)]
    public void LayerGradient_MatchesOracleDifferences(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.SecondGradient)]
    public void LayerSecondGradient_MatchesOracleDifferences(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.Guards)]
    public void Layer_StaysInItsBuffers(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.Repeats)]
    public void Layer_RepeatsBitForBit(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.Stored)]
    public void Layer_StoredAndCopied_GivesTheSameBits(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.WeightSets)]
    public void Layer_WithWeightSets_MatchesOracleBlockByBlock(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Layer, CaseProperty.WeightSetsGradient)]
    public void LayerGradient_WithWeightSets_MatchesOracleDifferences(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Optimizer, CaseProperty.Steps)]
    public void Optimizer_MatchesOracle(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Optimizer, CaseProperty.Resumes)]
    public void Optimizer_ResumesBitForBit(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Optimizer, CaseProperty.Guards)]
    public void Optimizer_StaysInItsBuffers(CaseProperty property, Device device) => Check(property, device);

    [RowsOf(CaseKind.Optimizer, CaseProperty.Repeats)]
    public void Optimizer_RepeatsBitForBit(CaseProperty property, Device device) => Check(property, device);

    [Test]
    public void EveryProperty_IsTested()
    {
        // A property without a test method here would be known to verify alone.
        IEnumerable<(CaseKind, string)> tested = typeof(ConformanceTests).GetMethods()
            .SelectMany(method => method.GetCustomAttributes(typeof(RowsOfAttribute), false).Cast<RowsOfAttribute>())
            .Select(source => (source.Kind, source.Property));
        IEnumerable<(CaseKind, string)> known = Catalogue.All.SelectMany(row => row.Properties.Select(property => (row.Kind, property.Name))).Distinct();
        Assert.That(tested, Is.EquivalentTo(known));
    }

    [Test]
    public void EveryDifferentiableOpAndLayer_IsDifferentiatedTwice()
    {
        // By title, what cannot be, and why; docs/numbers.md says it too.
        Dictionary<string, string> without = [];
        IEnumerable<string> once = Catalogue.All.OfType<FunctionCase>().GroupBy(row => row.Title)
            .Where(rows => rows.Any(row => row.Arguments.Any(argument => argument.Differentiable)) && !rows.Any(row => row.TwiceDifferentiable)).Select(rows => rows.Key);
        Assert.That(once, Is.EquivalentTo(without.Keys), "a new op or layer needs a row that is TwiceDifferentiable, or its reason here and in docs/numbers.md");
    }

    private static void Check(CaseProperty property, Device device)
    {
        CaseResult result;
        // Guards and reruns change a device's settings for a moment: one check at a time on each.
        lock (device)
        {
            result = property.Check(device);
        }
        Assert.That(
            result.Passed, $"{result.Case} on {result.Backend}, {result.Property}: error {result.MaxError:G3} > {result.Tolerance:G3}; {result.Reason}");
    }

    /// <summary>The rows of a kind that have a property, on every device.</summary>
    [AttributeUsage(AttributeTargets.Method)]
    private sealed class RowsOfAttribute(CaseKind kind, string property)
        : TestCaseSourceAttribute(typeof(RowsOfAttribute), nameof(Rows), [kind, property])
    {
        public CaseKind Kind => kind;

        public string Property => property;

        private static IEnumerable<TestCaseData> Rows(CaseKind kind, string property) =>
            from row in Catalogue.All
            where row.Kind == kind
            from known in row.Properties
            where known.Name == property
            from device in Conformance.Devices
            select new TestCaseData(known, device).SetArgDisplayNames(row.NameOn(device));
    }
}
