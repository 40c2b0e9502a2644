using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class HdhgnProgramsRecipeTests
{
    [Test]
    public void Train_AFewSteps_LossesFall_AndResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "hdhgn-programs", "--threads", "1", "--steps", "20"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "HDHGN/loss");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["HDHGN", "no types, no directions", "tokens alone"])
            {
                // From the logarithm of four classes, 1.39.
                Assert.That(Last(whole, $"{run}/loss"), Is.LessThan(1.3), run);
            }
            // Two more types of nodes, 9 more of hyperedges.
            Assert.That(Figure(result, "HDHGN", "parameters") - Figure(result, "tokens alone", "parameters"), Is.EqualTo((2 * 32 * 33) + (9 * 32)));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Degrees and sizes"));
        });
    }

    [Test]
    [Explicit("five epochs of three networks: a minute or two")]
    [Category("Long")]
    public void Train_StructureTellsMoreThanTokens()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(TimeSpan.FromMinutes(30), "train", "hdhgn-programs", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.That(Figure(result, "HDHGN", "test accuracy"), Is.GreaterThan(0.97));
        Assert.That(Figure(result, "HDHGN", "above tokens alone"), Is.GreaterThan(0.1));
    }
}
