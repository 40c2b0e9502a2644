using System.Globalization;
using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>
/// What docs/numbers.md promises of NaN, infinities, zeros of both signs, denormals, and huge and tiny numbers, for every op and layer of the catalogue on every device:
/// one of an argument's elements becomes such a value, and the output is held against plain double code and against the processor's.
/// </summary>
public sealed class SpecialValueTests
{
    private const int MostElements = 150;
    private const double Closeness = 1e-4;
    private const float Huge = 1e30f;

    private static readonly float[] s_values =
        [float.NaN, float.PositiveInfinity, float.NegativeInfinity, -0f, float.Epsilon, 1e-30f, 3e38f, -Huge];

    // Where the promise is another than what plain double code does with the value, and why: PyTorch decides so too.
    private static readonly Dictionary<string, (Func<float, bool> Of, string Promise)> s_conventions = new()
    {
        ["max"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["arg_max"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["arg_min"] = (float.IsNaN, "NaN counts as smaller than all numbers"),
        ["top_k_values"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["top_k_indices"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["max_pool1d"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["max_pool2d"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["adaptive_max_pool2d"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["segment_max"] = (float.IsNaN, "NaN counts as larger than all numbers"),
        ["sign"] = (float.IsNaN, "the sign of NaN is no number of the oracle's"),
        ["resize_nearest"] = (NotFinite, "pixels are copied, not multiplied by weights of zero"),
        ["grid_sample"] = (NotFinite, "pixels outside are left out, not multiplied by zero"),
        ["kullback_leibler"] = (static value => !(value > 0), "a target of zero or less adds nothing"),
        ["conv2d"] = (NotFinite, "padding is zeros that are multiplied, or left out"),
        ["conv1d"] = (NotFinite, "padding is zeros that are multiplied, or left out"),
        ["conv2d_per_sample"] = (NotFinite, "padding is zeros that are multiplied, or left out"),
        ["conv2d_grad_input"] = (NotFinite, "padding is zeros that are multiplied, or left out"),
        ["conv2d_grad_kernel"] = (NotFinite, "padding is zeros that are multiplied, or left out"),
        ["nodes_to_edges"] = (NotFinite, "the sum of no members is zero times the scale"),
        ["edges_to_nodes"] = (NotFinite, "the sum of no hyperedges is zero times the scale"),
        ["layer_norm"] = (IsHuge, "a variance that overflows makes all of its values the bias"),
        ["group_norm"] = (IsHuge, "a variance that overflows makes all of its values the bias"),
        ["batch_norm"] = (IsHuge, "a variance that overflows makes all of its values the bias"),
        ["rms_norm"] = (IsHuge, "a square that overflows makes all of its values zeros"),
        ["l2_normalize"] = (IsHuge, "a length that overflows makes its values zeros"),
        ["declared_conditioning"] = (static value => !(MathF.Abs(value) < Huge), "a value beyond a condition's range counts as the end of the range"),
        ["sine"] = (IsHuge, "the angle is rounded to float before the sine sees it"),
    };

    public static IEnumerable<TestCaseData> Rows =>
        from device in Conformance.Devices
        from row in Smallest(Catalogue.All.OfType<FunctionCase>())
        select new TestCaseData(row, device).SetArgDisplayNames(row.NameOn(device));

    [TestCaseSource(nameof(Rows))]
    public void Output_OfSpecialValue_IsAsPromised(FunctionCase row, Device device)
    {
        List<string> broken = [.. Broken(row, device)];
        Assert.That(broken, Is.Empty, string.Join("\n", broken));
    }

    /// <summary>What is not as promised of a row on a device, a line each.</summary>
    internal static IEnumerable<string> Broken(FunctionCase row, Device device)
    {
        for (int argument = 0; argument < row.Arguments.Count; argument++)
        {
            CaseInput input = row.Arguments[argument];
            if (input.ElementType != ElementType.Float32 || input.Shape.Count == 0)
            {
                continue;
            }
            foreach (float value in s_values)
            {
                Plain[] arguments = row.MakeArguments();
                arguments[argument].Values[new Random(row.Seed + argument).Next(arguments[argument].Values.Length)] = value;
                // Layers of several ops go the way of their norms where these overflow: what is promised is that all devices do.
                (Func<float, bool> Of, string Promise) convention = s_conventions.GetValueOrDefault(row.Subject, (_ => false, "as the norms inside"));
                bool isConvention = convention.Of(value) || (row.Kind == CaseKind.Layer && IsHuge(value));
                double[] expected = isConvention ? Array.ConvertAll(Run(row, arguments, Device.Cpu), one => (double)one) : row.Answer(arguments).Values;
                if (First(expected, Run(row, arguments, device), value, isConvention && row.Subject.Contains("conv", StringComparison.Ordinal)) is { } wrong)
                {
                    string promise = isConvention ? $" ({convention.Promise})" : "";
                    yield return string.Create(CultureInfo.InvariantCulture, $"{row.Name} on {device.Name}, {input.Name} with {value:G3}: {wrong}{promise}");
                }
            }
        }
    }

    /// <summary>Of each op and layer the largest row that is small enough, so that rows of one element stay the catalogue's business.</summary>
    internal static IEnumerable<FunctionCase> Smallest(IEnumerable<FunctionCase> rows) =>
        rows.GroupBy(row => row.Title).Select(group => group.Where(row => Floats(row) is > 0 and <= MostElements).MaxBy(Floats)).OfType<FunctionCase>();

    private static long Floats(FunctionCase row) => row.Arguments.Where(argument => argument.ElementType == ElementType.Float32).Sum(argument => argument.Shape.Count);

    private static float[] Run(FunctionCase row, Plain[] arguments, Device device)
    {
        using MemoryScope scope = device.Scope();
        using CaseRun run = row.Start(arguments, device);
        Tensor output = run.Forward();
        return output.ElementType == ElementType.Float32 ? output.ToArray() : Array.ConvertAll(output.ToIntArray(), one => (float)one);
    }

    // What is not finite stays so, which of NaN and the infinities may depend on the order of a sum; what is finite stays close, unless huge numbers overflow on the way.
    private static string? First(double[] expected, float[] actual, float value, bool maySpread)
    {
        double scale = expected.Where(one => Math.Abs(one) <= float.MaxValue).Select(Math.Abs).DefaultIfEmpty(0).Max() + 1e-6;
        for (int i = 0; i < actual.Length; i++)
        {
            bool isFinite = Math.Abs(expected[i]) <= float.MaxValue;
            bool holds = !isFinite ? !float.IsFinite(actual[i]) || maySpread
                : Math.Abs(expected[i] - actual[i]) <= Closeness * scale || ((IsHuge(value) || maySpread) && !float.IsFinite(actual[i]));
            if (!holds)
            {
                return string.Create(CultureInfo.InvariantCulture, $"element {i} of {actual.Length} should be {expected[i]:G6}, is {actual[i]:G6}");
            }
        }
        return null;
    }

    private static bool NotFinite(float value) => !float.IsFinite(value);

    private static bool IsHuge(float value) => MathF.Abs(value) >= Huge;
}
