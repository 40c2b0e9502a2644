using System.Globalization;
using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>
/// Distances from the double oracle, on every device, stay within the bounds that docs/numbers.md states: functions over all magnitudes, and the inputs that
/// `hyperkernels ops --ulp --worst tests/HyperKernels.Tests/WorstInputs.txt` found to be the worst of millions.
/// </summary>
public sealed class RoundingTests
{
    private const string WorstInputs = "WorstInputs.txt";

    // One of every 2^18 bit patterns, and a few around each hard place.
    private const long Patterns = 1 << 14;
    private const int Around = 8;

    private static readonly Lazy<WorstInput[]> s_worst = new(() => [.. File.ReadLines(WorstFile).Select(WorstInput.Parse)]);

    public static IEnumerable<TestCaseData> Functions => FunctionRounding.All.Select(row => new TestCaseData(row).SetArgDisplayNames(row.Op));

    public static IEnumerable<TestCaseData> Worst => s_worst.Value.GroupBy(input => input.Op).Select(inputs => new TestCaseData(inputs.ToList()).SetArgDisplayNames(inputs.Key));

    private static string WorstFile => Path.Combine(TestData.Repository, "tests", "HyperKernels.Tests", WorstInputs);

    [TestCaseSource(nameof(Functions))]
    public void Function_OfAllMagnitudes_StaysWithinTheBound(OpCase row)
    {
        IEnumerable<string> broken = FunctionRounding.Measure(row, Conformance.Devices, Patterns, Around).Where(result => !result.Holds)
            .Select(result => string.Create(CultureInfo.InvariantCulture, $"{result.Backend}: {result.Largest} {result.Unit} > {result.Bound} for {result.Worst}"));
        Assert.That(broken, Is.Empty);
    }

    [TestCaseSource(nameof(Worst))]
    public void WorstInput_StaysWithinTheBound(IReadOnlyList<WorstInput> inputs)
    {
        foreach (WorstInput input in inputs)
        {
            string devices = string.Join(", ", Conformance.Devices.Select(device => device.Name));
            Assert.That(input.Errors(Conformance.Devices), Is.All.LessThanOrEqualTo(RoundingBounds.Of(input.Op)), $"{input} on {devices}");
        }
    }

    [Test]
    public void EveryOpThatRounds_HasABoundAndWorstInputs()
    {
        string[] measured = [.. FunctionRounding.All.Select(row => row.Op), .. TermsRounding.All.Select(rows => rows.Key)];
        IEnumerable<string> kept = s_worst.Value.Select(input => input.Op).Distinct();
        Assert.Multiple(() =>
        {
            Assert.That(RoundingBounds.All.Keys, Is.SubsetOf(measured));
            Assert.That(kept, Is.EquivalentTo(RoundingBounds.All.Keys), $"`hyperkernels ops --ulp --worst FILE` writes {WorstInputs}");
        });
    }

    [Test]
    public void EveryElementwiseOp_IsMeasured()
    {
        // Of several ops, ones that stand here themselves, run on views, and those of three operands: sums of products are measured as such.
        string[] without = ["multiply_add", "operators", "relu_of_columns", "tanh_of_columns", "tensor_used_often", "where"];
        IEnumerable<string> all = ElementwiseUnaryCases.All.Concat(ElementwiseCases.All).Select(row => row.Op).Distinct();
        Assert.That(all.Except(FunctionRounding.All.Select(row => row.Op)), Is.EquivalentTo(without));
    }

    [Test]
    public void Bounds_AreThoseOfTheDocumentation()
    {
        string[] page = File.ReadAllLines(Path.Combine(TestData.Repository, "docs", "numbers.md"));
        Dictionary<string, double> stated = page.SkipWhile(static line => !line.StartsWith("| op, units in the last place |", StringComparison.Ordinal))
            .Where(static line => line.StartsWith("| `", StringComparison.Ordinal)).Select(static line => line.Split('|')).ToDictionary(
                static cells => cells[1].Trim().Trim('`'), static cells => double.Parse(cells[2], CultureInfo.InvariantCulture));
        IEnumerable<string> measured = FunctionRounding.All.Select(row => row.Op).Concat(TermsRounding.All.Select(rows => rows.Key));
        Assert.That(stated, Is.EquivalentTo(measured.ToDictionary(static op => op, RoundingBounds.Of)), "put into docs/numbers.md what `hyperkernels ops --ulp --markdown` prints");
    }

    [TestCase(0.5, 0.4795001221869535)]
    [TestCase(-1.5, 1.9661051464753108)]
    [TestCase(2.5, 4.0695201744495894e-4)]
    [TestCase(10, 2.0884875837625448e-45)]
    public void Erfc_OfTheOracle_IsTheTabulatedOne(double x, double expected) => Assert.That(PlainMath.Erfc(x) / expected, Is.EqualTo(1).Within(1e-13));

    [TestCase(1f, 1.0000001f, 1)]
    [TestCase(0f, -0f, 0)]
    [TestCase(-float.Epsilon, float.Epsilon, 2)]
    [TestCase(float.MaxValue, float.PositiveInfinity, 1)]
    [TestCase(float.NaN, float.NaN, 0)]
    [TestCase(float.NaN, 1f, double.PositiveInfinity)]
    public void Ulps_BetweenFloats_AreTheStepsBetweenThem(float a, float b, double expected) => Assert.That(Ulps.Between(a, b), Is.EqualTo(expected));
}
