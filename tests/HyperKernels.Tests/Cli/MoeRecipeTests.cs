using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class MoeRecipeTests
{
    [Test]
    public void Train_OnSentences_LearnsLetters_CountsWhatIsActive_AndResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "moe-shakespeare", "--threads", "1", "--steps", "14"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "dense/loss");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["dense", "learned router", "fixed router", "hyperrouter"])
            {
                // A guess among the grammar's symbols costs more than five bits; after fourteen steps it is about 2.35.
                Assert.That(Figure(result, run, "validation bits a character"), Is.LessThan(2.8), run);
            }
            double dense = Figure(result, "dense", "active a character");
            Assert.That(Figure(result, "dense", "parameters"), Is.EqualTo(dense));
            // Two experts have two last biases, in each of two blocks.
            Assert.That(Figure(result, "fixed router", "active a character"), Is.EqualTo(dense + (2 * 128)));
            Assert.That(Figure(result, "hyperrouter", "active a character"), Is.EqualTo(dense + (2 * 128) + (2 * 128)));
            Assert.That(Figure(result, "hyperrouter", "parameters"), Is.EqualTo(dense + (4 * 128) + (2 * 6 * ((256 * 257) + 128))));
            Assert.That(Figure(result, "learned router", "trained of a router"), Is.EqualTo(8 * 128));
            Assert.That(Figure(result, "hyperrouter", "busiest expert"), Is.InRange(0.125, 0.5));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Load of the experts: hyperrouter"));
        });
    }

    [Test]
    [Explicit("1,000 steps of four transformers: minutes")]
    [Category("Long")]
    public void Train_OnShakespeare_ExpertsAreAheadOfTheDenseModel()
    {
        CliResult result = OnData("moe-shakespeare", TestData.Folder("tinyshakespeare"));
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["learned router", "hyperrouter"])
            {
                Assert.That(
                    Figure(result, run, "validation bits a character"), Is.LessThan(Figure(result, "dense", "validation bits a character")), run);
                Assert.That(Figure(result, run, "idlest expert"), Is.GreaterThan(0.02), run);
            }
        });
    }
}
