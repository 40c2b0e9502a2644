using System.Reflection;
using System.Text.RegularExpressions;

namespace HyperKernels.Tests;

/// <summary>The README says what is true: its examples are tests, its op table names every op, its map names folders that exist.</summary>
public sealed partial class ReadmeTests
{
    private static string Readme => File.ReadAllText(Path.Combine(TestData.Repository, "README.md"));

    [Test]
    public void Examples_AreTheTestedOnes()
    {
        string tested = File.ReadAllText(Path.Combine(TestData.Repository, "tests", "HyperKernels.Tests", "ReadmeExamples.cs"));
        MatchCollection examples = Example().Matches(Readme);
        Assert.That(examples, Has.Count.GreaterThanOrEqualTo(4));
        foreach (Match example in examples)
        {
            string name = example.Groups[1].Value;
            Match source = Regex.Match(tested, $@"// <{name}>\r?\n(.*?)\s*// </{name}>", RegexOptions.Singleline);
            Assert.That(source.Success, $"ReadmeExamples.cs has no block \"{name}\"");
            Assert.That(Lines(example.Groups[2].Value), Is.EqualTo(Lines(source.Groups[1].Value)), name);
        }
    }

    [Test]
    public void OpTable_NamesEveryOp()
    {
        string readme = Readme;
        IEnumerable<string> ops = typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Select(method => method.Name).Distinct();
        Assert.That(ops.Where(op => !readme.Contains($"`{op}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void OpTable_NamesOnlyOpsThatExist()
    {
        string table = Readme[Readme.IndexOf("## Ops", StringComparison.Ordinal)..Readme.IndexOf("## Differences", StringComparison.Ordinal)];
        HashSet<string> ops = [.. typeof(Ops).GetMethods(BindingFlags.Public | BindingFlags.Static).Select(method => method.Name), .. Enum.GetNames<GeneratePlan>()];
        IEnumerable<string> named = Name().Matches(table).Select(match => match.Groups[1].Value);
        Assert.That(named.Where(name => !ops.Contains(name)).Except(["Ops", "Tape"]), Is.Empty);
    }

    [Test]
    public void Map_NamesFoldersThatExist()
    {
        string map = Readme[Readme.IndexOf("## Map", StringComparison.Ordinal)..];
        IEnumerable<string> folders = Folder().Matches(map).Select(match => match.Groups[1].Value);
        Assert.That(folders, Is.Not.Empty.And.All.Matches<string?>(folder => Directory.Exists(Path.Combine(TestData.Repository, folder!))));
    }

    private static string[] Lines(string code)
    {
        string[] lines = [.. code.Split('\n').Select(line => line.TrimEnd()).SkipWhile(string.IsNullOrWhiteSpace)];
        int indent = lines.Where(line => line.Length > 0).Select(line => line.Length - line.TrimStart().Length).DefaultIfEmpty().Min();
        return [.. lines.Select(line => line.Length > indent ? line[indent..] : "").Reverse().SkipWhile(string.IsNullOrWhiteSpace).Reverse()];
    }

    [GeneratedRegex(@"<!-- example: (\w+) -->\s*```csharp\r?\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();

    [GeneratedRegex(@"`([A-Z]\w+)`")]
    private static partial Regex Name();

    [GeneratedRegex(@"^((?:src|tests|bench|tools|kernels)/[\w./]*)", RegexOptions.Multiline)]
    private static partial Regex Folder();
}
