using System.Reflection;
using System.Text.RegularExpressions;
using HyperKernels.Cases;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>The catalogue holds every op and every optimiser, by its own name.</summary>
public sealed partial class CatalogueTests
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
        HashSet<string> rows = [.. Catalogue.Ops.Select(row => row.Op)];
        IEnumerable<string> missing = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .SelectMany(method => s_otherNames.GetValueOrDefault(method.Name) ?? [Snake(method.Name)])
            .Where(name => !rows.Contains(name));

        Assert.That(missing.Distinct(), Is.Empty, "a new op needs a case in src/HyperKernels.Cases");
    }

    [Test]
    public void EveryPublicOptimiser_HasARow()
    {
        HashSet<string> rows = [.. Catalogue.Optimizers.Select(row => row.Optimizer)];
        IEnumerable<string> all = typeof(Optimizer).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract).Select(type => Snake(type.Name));

        Assert.That(all.Where(name => !rows.Contains(name)), Is.Empty, "a new optimiser needs a case in src/HyperKernels.Cases/Optimizers");
    }

    [Test]
    public void Rows_HaveNamesOfTheirOwn() =>
        Assert.That(Catalogue.All.GroupBy(row => row.Name).Where(group => group.Count() > 1).Select(group => group.Key), Is.Empty);

    [Test]
    public void Rows_WithOtherTolerances_SayWhy() =>
        Assert.That(
            Catalogue.All.Where(row => row.ToleranceReason is null && IsLoose(row)).Select(row => row.Name),
            Is.Empty);

    private static bool IsLoose(CatalogueCase row) =>
        row.Tolerance > CatalogueCase.DefaultTolerance || row is FunctionCase { GradientTolerance: > FunctionCase.DefaultGradientTolerance };

    private static string Snake(string name) => BeforeUpperCase().Replace(name, "_").ToLowerInvariant();

    [GeneratedRegex("(?<=[a-z0-9])(?=[A-Z])")]
    private static partial Regex BeforeUpperCase();
}
