using System.Reflection;
using System.Runtime.CompilerServices;
using HyperKernels.Cases;
using HyperKernels.Cli.Recipes;
using HyperKernels.Cli.Reports;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

/// <summary>One entry per published system, and everything that goes with it is there: adapter, layers, recipe, documentation.</summary>
public sealed class PublishedSystemTests
{
    // Ops that the hypergraph systems are made of have reference cases too, but nobody published them.
    private const string Primitive = "prim_";

    private static IEnumerable<string> CaseNames => PublishedSystems.All.SelectMany(system => system.Cases);

    [Test]
    public void Entries_AreCompleteAndNamedOnce()
    {
        Assert.That(PublishedSystems.All.Select(system => system.Name), Is.Unique);
        Assert.That(CaseNames, Is.Unique);
        Assert.That(PublishedSystems.All.Select(system => system.Kind), Is.Ordered, "the documentation has a table per kind");
        foreach (PublishedSystem system in PublishedSystems.All)
        {
            string[] texts = [system.Name, system.Title, system.Equation, system.Source, system.Paper.Authors, system.Paper.Title, system.Paper.Venue];
            Assert.Multiple(() =>
            {
                Assert.That(texts, Has.All.Not.Empty, system.Name);
                Assert.That(system.Name, Does.Match("^[a-z0-9-]+$"), system.Name);
                Assert.That(system.Paper.Link, Does.StartWith("https://"), $"{system.Name} has neither an arXiv number nor a DOI");
                Assert.That(system.Paper.Year, Is.InRange(1980, 2100), system.Name);
            });
        }
    }

    [Test]
    public void Hypernetworks_HaveAPlaceInTheTaxonomy() =>
        Assert.That(
            PublishedSystems.All.Where(system => system.Kind == SystemKind.Hypernetworks && system.Design is null).Select(system => system.Name), Is.Empty);

    [Test]
    public void HypergraphSystems_HaveAPlaceInTheTaxonomy() =>
        Assert.That(
            PublishedSystems.All.Where(system => system.Kind == SystemKind.Hypergraphs && system.HypergraphDesign is null).Select(system => system.Name),
            Is.Empty);

    [Test]
    public void Cases_OfEverySystem_HaveAnAdapter() =>
        Assert.That(CaseNames.Where(name => ReferenceSystems.Find(name) is null), Is.Empty, "add an adapter to ReferenceSystems");

    [Test]
    public void Adapters_BelongToASystem() =>
        Assert.That(
            ReferenceSystems.All.Select(adapter => adapter.Name).Where(name => !name.StartsWith(Primitive, StringComparison.Ordinal)),
            Is.EquivalentTo(CaseNames),
            "an adapter's name must stand in the Cases of one entry of PublishedSystems");

    [Test]
    public void Files_OfTheRepository_BelongToASystem()
    {
        IEnumerable<string> names = ReferenceRunner.Files(TestData.Reference).Select(path => ReferenceCase.Open(path).SystemName).Distinct();
        Assert.That(names.Where(name => !name.StartsWith(Primitive, StringComparison.Ordinal)), Is.EquivalentTo(CaseNames));
    }

    [Test]
    public void Layers_OfEverySystem_ArePublic()
    {
        Assembly[] assemblies = [typeof(Layer).Assembly, typeof(PublishedSystem).Assembly];
        foreach (PublishedSystem system in PublishedSystems.All)
        {
            Assert.That(system.Layers, Is.Not.Empty.And.Unique, system.Name);
            Assert.That(system.Layers, Has.All.Matches<Type?>(type => type!.IsPublic && assemblies.Contains(type.Assembly)), system.Name);
        }
    }

    [Test]
    public void LayersOfTheAssembly_BelongToASystem_AndLieInItsFolder()
    {
        IEnumerable<Type> layers = typeof(PublishedSystem).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract);
        foreach (Type layer in layers)
        {
            PublishedSystem? system = PublishedSystems.All.FirstOrDefault(system => system.Layers.Contains(layer));
            Assert.That(system, Is.Not.Null, $"{layer.Name} stands in no entry of PublishedSystems");
            string folder = Path.Combine(TestData.Repository, "src", "HyperKernels.Models", system!.Kind.ToString());
            Assert.That(
                Directory.EnumerateFiles(folder, $"{layer.Name}.cs", SearchOption.AllDirectories).Count(), Is.EqualTo(1),
                $"{layer.Name} of \"{system.Name}\" should lie in a file of its name under {folder}");
        }
    }

    [Test]
    public void LayersOfTheAssembly_CanBeStored()
    {
        PublishedSystems.RegisterLayers();
        IEnumerable<Type> layers = typeof(PublishedSystem).Assembly.GetExportedTypes().Where(type => type.IsSubclassOf(typeof(Layer)) && !type.IsAbstract);
        Assert.That(layers.Select(layer => layer.Name), Is.SubsetOf(LayerTypes.Names), "implement IStoredLayer, and register in a static constructor");
    }

    [Test]
    public void Recipes_OfEverySystem_Exist() =>
        Assert.That(PublishedSystems.All.Select(system => system.Recipe).OfType<string>().Distinct(), Is.SubsetOf(RecipeBook.All.Select(recipe => recipe.Name)));

    [Test]
    public void Documentation_HasTheTablesOfTheseEntries()
    {
        string page = File.ReadAllText(Path.Combine(TestData.Repository, "docs", "systems.md")).ReplaceLineEndings("\n");
        Assert.That(
            page,
            Does.Contain($"\n{SystemTable.Markdown(PublishedSystems.All)}\n"),
            "put into docs/systems.md what `hyperkernels systems --markdown` prints");
    }

    [Test]
    public void Readme_HasEverySystem()
    {
        string page = File.ReadAllText(Path.Combine(TestData.Repository, "README.md")).ReplaceLineEndings("\n");
        IReadOnlyList<PublishedSystem> all = PublishedSystems.All;
        Assert.Multiple(() =>
        {
            foreach (string table in new[] { SystemTable.Taxonomy(all), SystemTable.HypergraphTaxonomy(all), SystemTable.Others(all) })
            {
                Assert.That(page, Does.Contain($"\n{table}\n"), "put into README.md what `hyperkernels systems --taxonomy` prints");
            }
            Assert.That(all.Where(system => !page.Contains($"[{system.Title}]", StringComparison.Ordinal)).Select(system => system.Name), Is.Empty);
        });
    }

    [Test]
    public void Assembly_UsesThePublicInterfaceAlone() =>
        Assert.That(
            typeof(Layer).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(friend => friend.AssemblyName),
            Is.Not.Empty.And.No.Member("HyperKernels.Models"));
}
