using System.Reflection;
using System.Text.RegularExpressions;
using HyperKernels.Cases;

namespace HyperKernels.Tests;

/// <summary>The catalogue holds every op, by its own name.</summary>
public sealed partial class OpCatalogueTests
{
    /// <summary>Ops whose rows have another name than the op.</summary>
    private static readonly Dictionary<string, string[]> s_otherNames = new()
    {
        // The one function that only Activate has; the others are its rows under their own names.
        [nameof(Ops.Activate)] = ["sine"],
        [nameof(Ops.TopK)] = ["top_k_values", "top_k_indices"],
        // Tells a plan, computes nothing.
        [nameof(Ops.PlanOf)] = [],
    };

    [Test]
    public void EveryPublicOp_HasARow()
    {
        HashSet<string> rows = [.. Catalogue.All.Select(row => row.Op)];
        IEnumerable<string> missing = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .SelectMany(method => s_otherNames.GetValueOrDefault(method.Name) ?? [BeforeUpperCase().Replace(method.Name, "_").ToLowerInvariant()])
            .Where(name => !rows.Contains(name));

        Assert.That(missing.Distinct(), Is.Empty, "a new op needs a case in src/HyperKernels.Cases");
    }

    [Test]
    public void Rows_HaveNamesOfTheirOwn() =>
        Assert.That(Catalogue.All.GroupBy(row => row.Name).Where(group => group.Count() > 1).Select(group => group.Key), Is.Empty);

    [Test]
    public void Rows_WithOtherTolerances_SayWhy() =>
        Assert.That(
            Catalogue.All.Where(row => row.ToleranceReason is null
                && (row.Tolerance > OpCase.DefaultTolerance || row.GradientTolerance > OpCase.DefaultGradientTolerance)).Select(row => row.Name),
            Is.Empty);

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex BeforeUpperCase();
}
