using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class LightHgnnRecipeTests
{
    [Test]
    public void Train_OnPlantedCommunities_StudentsLearnFromTheTeacher_AndBothPhasesResume()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "light-hgnn", "--threads", "1", "--epochs", "80"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "the teacher/loss", "LightHGNN/loss");
        EndAlike(parts, whole);
        double plain = Figure(result, "MLP", "test accuracy");
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "HGNN, the teacher", "test accuracy"), Is.GreaterThan(0.6));
            Assert.That(Figure(result, "LightHGNN", "test accuracy"), Is.GreaterThan(plain + 0.05));
            Assert.That(Figure(result, "LightHGNN+", "test accuracy"), Is.GreaterThan(plain + 0.05));
            Assert.That(Figure(result, "LightHGNN", "times faster, large"), Is.GreaterThan(100));
            Assert.That(File.Exists(whole.File("student.safetensors")));
        });
    }

    [Test]
    [Explicit("200 epochs of four networks on five splits: minutes")]
    [Category("Long")]
    public void Train_OnCora_StudentsAreWithinAPointOfTheirTeacher()
    {
        CliResult result = OnData("light-hgnn", TestData.Folder("hypergraph"));
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "HGNN, the teacher", "test accuracy"), Is.GreaterThan(0.67));
            Assert.That(Figure(result, "LightHGNN", "behind the teacher"), Is.LessThan(0.01));
            Assert.That(Figure(result, "LightHGNN+", "behind the teacher"), Is.LessThan(0.01));
            Assert.That(Figure(result, "LightHGNN", "gain over MLP"), Is.GreaterThan(0.08));
            Assert.That(Figure(result, "LightHGNN", "times faster, large"), Is.GreaterThan(100));
        });
    }
}
