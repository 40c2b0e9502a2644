using HyperKernels.Cli.Soak;

namespace HyperKernels.Tests.IO;

/// <summary>Damages valid files at random: a reader may read what is still valid, or refuse with path and byte, or line; nothing else.</summary>
public sealed class MutationTests
{
    private const int Rounds = 600;

    [Test]
    public void File_DamagedAtRandom_IsReadOrRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        List<string> findings = [];
        foreach (DamagedFiles format in DamagedFiles.All(folder.Root))
        {
            format.Read(folder.File(format.FileName));
            FileJudge judge = FilesPart.TryMany(format, new Random(1), folder.Root, Rounds, findings);
            Assert.That(judge.Refused, Is.GreaterThan(Rounds / 4), $"{format.Name}: the damage must be felt");
            Assert.That(judge.Slowest.TotalSeconds, Is.LessThan(10), format.Name);
        }
        Assert.That(findings, Is.Empty);
    }

    [Test]
    public void Reader_ThatThrowsSomethingElse_IsFound()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        DamagedFiles bad = new("bad", "x.bad", [[1, 2, 3]], _ => throw new IndexOutOfRangeException("oh"), ": byte ");
        List<string> findings = [];
        FilesPart.TryMany(bad, new Random(1), folder.Root, 1, findings);
        Assert.That(findings, Has.Count.EqualTo(1).And.Some.StartsWith("bad: IndexOutOfRangeException: oh"));
        Assert.That(File.Exists(folder.File("finding-0-x.bad")));
    }
}
