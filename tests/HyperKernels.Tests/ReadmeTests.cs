using System.Reflection;
using System.Text.RegularExpressions;
using HyperKernels.Cli.Recipes;
using HyperKernels.Tests.Cli;

namespace HyperKernels.Tests;

/// <summary>README and docs say what is true: examples are tests, tables name what there is, links and the map lead somewhere.</summary>
public sealed partial class ReadmeTests
{
    private const int MostLines = 200;

    public static IEnumerable<string> Pages =>
        Directory.EnumerateFiles(Path.Combine(TestData.Repository, "docs"), "*.md", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(TestData.Repository, path).Replace('\\', '/'))
            .Order()
            .Prepend("README.md");

    private static IEnumerable<string> Ops =>
        typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(method => method.Name).Distinct();

    [Test]
    public void Readme_IsShort() =>
        Assert.That(Read("README.md").Split('\n'), Has.Length.LessThanOrEqualTo(MostLines), "figures and long tables belong into docs");

    [Test]
    public void Examples_AreTheTestedOnes()
    {
        string folder = Path.Combine(TestData.Repository, "tests", "HyperKernels.Tests");
        string tested = string.Concat(Directory.EnumerateFiles(folder, "ReadmeExamples*.cs").Select(File.ReadAllText));
        Match[] examples = [.. Pages.SelectMany(page => Example().Matches(Read(page)))];
        Assert.That(examples, Has.Length.GreaterThanOrEqualTo(5));
        Assert.That(examples.Select(example => example.Groups[1].Value), Is.EquivalentTo(Tested().Matches(tested).Select(block => block.Groups[1].Value)));
        foreach (Match example in examples)
        {
            string name = example.Groups[1].Value;
            Match source = Regex.Match(tested, $@"// <{name}>\r?\n(.*?)\s*// </{name}>", RegexOptions.Singleline);
            Assert.That(source.Success, $"no ReadmeExamples*.cs has a block \"{name}\"");
            Assert.That(Lines(example.Groups[2].Value), Is.EqualTo(Lines(source.Groups[1].Value)), name);
        }
    }

    [Test]
    public void CodeInCSharp_IsAnExample() =>
        Assert.That(Pages.Where(page => CSharp().Count(Read(page)) != Example().Count(Read(page))), Is.Empty, "code that no test runs goes stale");

    [TestCaseSource(nameof(Pages))]
    public void Links_LeadSomewhere(string page)
    {
        string folder = Path.GetDirectoryName(Path.Combine(TestData.Repository, page))!;
        IEnumerable<string> broken = Link().Matches(Read(page))
            .Select(link => link.Groups[1].Value)
            .Where(target => !target.StartsWith("https://", StringComparison.Ordinal))
            .Where(target =>
            {
                string[] parts = target.Split('#');
                string path = Path.Combine(folder, parts[0]);
                return !Path.Exists(path)
                    || (parts.Length > 1 && !File.ReadLines(path).Any(line => line.StartsWith('#') && Anchor(line) == parts[1]));
            });
        Assert.That(broken, Is.Empty);
    }

    [Test]
    public void OpTable_NamesEveryOp()
    {
        string page = Read("docs/ops.md");
        Assert.That(Ops.Where(op => !page.Contains($"`{op}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void OpTable_NamesOnlyOpsThatExist()
    {
        string table = string.Join('\n', Read("docs/ops.md").Split('\n').Where(line => line.StartsWith('|')));
        HashSet<string> ops = [.. Ops, .. Enum.GetNames<GeneratePlan>()];
        IEnumerable<string> named = Name().Matches(table).Select(match => match.Groups[1].Value);
        Assert.That(named.Where(name => !ops.Contains(name)), Is.Empty);
    }

    [Test]
    public void CommandLinePage_NamesEveryCommandAndRecipe()
    {
        string page = Read("docs/command-line.md");
        string help = CliProcess.Run("--help").Output;
        string[] commands = [.. Command().Matches(help[help.IndexOf("Commands:", StringComparison.Ordinal)..]).Select(command => command.Groups[1].Value)];
        Assert.That(commands, Has.Length.GreaterThanOrEqualTo(7));
        Assert.That(commands.Where(command => !Regex.IsMatch(page, $@"^\| `{command}\b", RegexOptions.Multiline)), Is.Empty);
        Assert.That(RecipeBook.All.Where(recipe => !page.Contains($"| `{recipe.Name}` |", StringComparison.Ordinal)).Select(recipe => recipe.Name), Is.Empty);
    }

    [Test]
    public void Map_NamesFoldersThatExist_AndEveryProject()
    {
        string map = Read("README.md");
        map = map[map.IndexOf("## Map", StringComparison.Ordinal)..];
        string[] folders = [.. Folder().Matches(map).Select(match => match.Groups[1].Value)];
        Assert.That(folders, Is.Not.Empty.And.All.Matches<string?>(folder => Directory.Exists(Path.Combine(TestData.Repository, folder!))));
        IEnumerable<string> projects = new[] { "src", "tools", "tests", "bench" }
            .SelectMany(top => Directory.EnumerateFiles(Path.Combine(TestData.Repository, top), "*.csproj", SearchOption.AllDirectories))
            .Select(path => Path.GetRelativePath(TestData.Repository, Path.GetDirectoryName(path)!).Replace('\\', '/') + "/");
        Assert.That(projects.Except(folders), Is.Empty);
    }

    [Test]
    public void Map_NamesTheFoldersOfTheEngine()
    {
        string map = Read("README.md");
        map = map[map.IndexOf("src/HyperKernels/ ", StringComparison.Ordinal)..map.IndexOf("src/HyperKernels.Models/", StringComparison.Ordinal)];
        string engine = Path.Combine(TestData.Repository, "src", "HyperKernels");
        IEnumerable<string> rooms = Directory.EnumerateDirectories(engine).Select(path => Path.GetFileName(path));
        Assert.That(rooms.Where(room => room is not ("obj" or "bin") && !map.Contains($" {room}/", StringComparison.Ordinal)), Is.Empty);
    }

    private static string Read(string path) => File.ReadAllText(Path.Combine(TestData.Repository, path)).ReplaceLineEndings("\n");

    private static string Anchor(string heading) =>
        new([.. heading.TrimStart('#').Trim().ToLowerInvariant().Replace(' ', '-').Where(c => char.IsLetterOrDigit(c) || c is '-' or '_')]);

    private static string[] Lines(string code)
    {
        string[] lines = [.. code.Split('\n').Select(line => line.TrimEnd()).SkipWhile(string.IsNullOrWhiteSpace)];
        int indent = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return [.. lines.Select(line => line.Length > indent ? line[indent..] : "").Reverse().SkipWhile(string.IsNullOrWhiteSpace).Reverse()];
    }

    [GeneratedRegex(@"<!-- example: (\w+) -->\s*```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex("^```csharp", RegexOptions.Multiline)]
    private static partial Regex CSharp();

    [GeneratedRegex(@"^\s*// <(\w+)>", RegexOptions.Multiline)]
    private static partial Regex Tested();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"^  (\w+)", RegexOptions.Multiline)]
    private static partial Regex Command();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^((?:src|tests|bench|tools|kernels)/[\w./]*)", RegexOptions.Multiline)]
    private static partial Regex Folder();
}
