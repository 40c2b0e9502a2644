using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class ImageSoftRecipeTests
{
    [Test]
    public void Train_OnDrawnDigits_LossesFall_MembershipsAreDrawn_AndDropoutResumes()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "image-soft", "--threads", "1", "--steps", "30"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "SoftHGNN/loss");
        EndAlike(parts, whole);
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["tokens alone", "SoftHGNN", "SoftHGNN-SeS", "attention"])
            {
                // From the logarithm of ten classes.
                Assert.That(Last(whole, $"{run}/loss"), Is.LessThan(2.29), run);
            }
            // Prototypes, their shifts by mean and maximum, queries, and the maps of edges and nodes, in each of two blocks.
            int soft = (16 * 48) + (16 * 48 * 97) + (3 * 48 * 49);
            Assert.That(Figure(result, "SoftHGNN", "parameters") - Figure(result, "tokens alone", "parameters"), Is.EqualTo(2 * soft));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Soft hyperedges"));
        });
    }

    [Test]
    [Explicit("three epochs of four networks: a minute or two")]
    [Category("Long")]
    public void Train_OnDrawnDigits_SoftHyperedgesAreAheadOfTokensAlone()
    {
        // Drawn digits lie anywhere in the image: what a square of pixels means depends on the others.
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run(TimeSpan.FromMinutes(30), "train", "image-soft", "--threads", "1", "--steps", "280", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "SoftHGNN", "gain"), Is.GreaterThan(0.08));
            Assert.That(Figure(result, "SoftHGNN-SeS", "gain"), Is.GreaterThan(0.01));
        });
    }

    [Test]
    [Explicit("three epochs of four networks: minutes")]
    [Category("Long")]
    public void Train_OnMnist_AllFourLearn()
    {
        CliResult result = OnData("image-soft", TestData.Folder("mnist"));
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["tokens alone", "SoftHGNN", "SoftHGNN-SeS", "attention"])
            {
                Assert.That(Figure(result, run, "test accuracy"), Is.GreaterThan(0.945), run);
            }
        });
    }
}
