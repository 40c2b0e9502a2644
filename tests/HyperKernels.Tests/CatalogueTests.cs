using System.Reflection;
using HyperKernels.Cases;
using HyperKernels.Layers;
using HyperKernels.Optim;

namespace HyperKernels.Tests;

/// <summary>The catalogue holds every op, layer and optimiser, by its own name.</summary>
public sealed class CatalogueTests
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

    /// <summary>Layers without a function of their own.</summary>
    private static readonly Type[] s_provenInOthers =
    [
        // A hypernetwork's last part: its rows run it in each plan.
        typeof(FullEmission), typeof(HeadsEmission), typeof(ChunkedEmission),
    ];

    [Test]
    public void EveryPublicOp_HasARow()
    {
        HashSet<string> rows = [.. Catalogue.Ops.Select(row => row.Op)];
        IEnumerable<string> missing = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static)
            .SelectMany(method => s_otherNames.GetValueOrDefault(method.Name) ?? [CaseName.Of(method.Name)])
            .Where(name => !rows.Contains(name));

        Assert.That(missing.Distinct(), Is.Empty, "a new op needs a case in src/HyperKernels.Cases");
    }

    [Test]
    public void EveryPublicLayer_HasARow()
    {
        HashSet<string> rows = [.. Catalogue.Layers.Select(row => row.Layer)];
        IEnumerable<Type> missing = typeof(Layer).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract && !rows.Contains(CaseName.Of(type.Name)));

        Assert.That(missing, Is.EquivalentTo(s_provenInOthers), "a new layer needs a case in src/HyperKernels.Cases/Layers");
    }

    [Test]
    public void EveryLayerWithParametersOfItsOwn_IsRunWithWeightSets()
    {
        // Where a hypernetwork's target may be anything, a layer that cannot have a set for every sample stands here with the reason.
        Dictionary<string, string> without = new()
        {
            ["hypergraph_conv"] = "its rows are nodes of one graph, not samples",
            ["declared_conditioning"] = "part of a hypernetwork",
            ["generator_mlp"] = "part of a hypernetwork",
            ["hyper_network"] = "gives weight sets",
            ["hyper_rnn_cell"] = "generates its weights itself, in every step",
            ["hyper_lstm_cell"] = "generates its weights itself, in every step",
            ["norm_lstm_cell"] = "its matrices lie along an axis of gates, where sets would lie; lstm_cell takes sets",
        };
        IEnumerable<string> missing = Catalogue.Layers.GroupBy(row => row.Layer)
            .Where(rows => rows.Any(HasParameters) && !rows.Any(row => row.TakesSets)).Select(rows => rows.Key);

        Assert.That(missing, Is.EquivalentTo(without.Keys));

        static bool HasParameters(LayerCase row) => row.Arguments.Count > row.Inputs.Count;
    }

    [Test]
    public void EveryPublicOptimiser_HasARow()
    {
        HashSet<string> rows = [.. Catalogue.Optimizers.Select(row => row.Optimizer)];
        IEnumerable<string> all = typeof(Optimizer).Assembly.GetExportedTypes()
            .Where(type => type.IsSubclassOf(typeof(Optimizer)) && !type.IsAbstract).Select(type => CaseName.Of(type.Name));

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
}
