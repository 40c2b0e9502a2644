using System.Text.RegularExpressions;

namespace HyperKernels.Tests.Architecture;

/// <summary>Packages are those that were looked at: every project of the solution has its lock file, and CI restores in locked mode and writes the bill of materials.</summary>
public sealed partial class PackageTests
{
    [Test]
    public void Projects_HaveTheirPackagesLocked()
    {
        string solution = File.ReadAllText(Path.Combine(TestData.Repository, "HyperKernels.sln"));
        string[] projects = [.. Project().Matches(solution).Select(match => Path.Combine(TestData.Repository, match.Groups[1].Value.Replace('\\', '/')))];
        Assert.That(projects, Has.Length.GreaterThan(10));
        Assert.That(projects.Where(project => !File.Exists(Path.Combine(Path.GetDirectoryName(project)!, "packages.lock.json"))), Is.Empty);
    }

    [Test]
    public void Ci_RestoresLockedAndWritesTheBill()
    {
        string steps = File.ReadAllText(Path.Combine(TestData.Repository, ".ci", "run"));
        Assert.That(steps, Does.Contain("dotnet restore --locked-mode").And.Contain(".ci/sbom"));
        Assert.That(
            File.ReadAllText(Path.Combine(TestData.Repository, "src", "Directory.Build.props")),
            Does.Contain("<RestorePackagesWithLockFile>true<").And.Match(@"<RestoreLockedMode Condition=""'\$\(CI\)' == 'true'"));
    }

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex Project();
}
