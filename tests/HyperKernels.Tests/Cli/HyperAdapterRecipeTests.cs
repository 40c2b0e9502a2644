using HyperKernels.Cli.Data;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class HyperAdapterRecipeTests
{
    [Test]
    public void Changes_MovePixelsAsTheySay()
    {
        ImageSet set = new("set", [1, 2, 3, 4, 5, 6, 7, 8, 9], [7], 3, 3);
        ImageSet noisy = ImageChanges.Noisy(new ImageSet("grey", [.. Enumerable.Repeat((byte)128, 900)], [0], 30, 30), seed: 3);
        Assert.Multiple(() =>
        {
            Assert.That(ImageChanges.Mirrored(set).Pixels, Is.EqualTo(new byte[] { 3, 2, 1, 6, 5, 4, 9, 8, 7 }));
            Assert.That(ImageChanges.Turned(set).Pixels, Is.EqualTo(new byte[] { 3, 6, 9, 2, 5, 8, 1, 4, 7 }), "counter-clockwise");
            Assert.That(ImageChanges.Negative(set).Pixels[..2], Is.EqualTo(new byte[] { 254, 253 }));
            Assert.That(ImageChanges.Turned(set).Labels, Is.EqualTo(set.Labels));
            Assert.That(noisy.Pixels.Average(static pixel => (double)pixel), Is.EqualTo(127.5).Within(12));
            Assert.That(noisy.Pixels.Distinct().Count(), Is.GreaterThan(100));
        });
    }

    [Test]
    public void Train_OnDrawnDigits_AdaptsTheFrozenNetwork_AndResumesInEitherPart()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "hyperadapter-digits", "--threads", "1", "--steps", "150"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        InParts(arguments, parts, "network/loss", "hyperadapter/loss");
        EndAlike(parts, whole);
        double unadapted = Figure(result, "network as it is", "mean accuracy");
        Assert.Multiple(() =>
        {
            Assert.That(unadapted, Is.LessThan(0.45));
            Assert.That(Figure(result, "hyperadapter", "mean accuracy"), Is.GreaterThan(unadapted + 0.2));
            Assert.That(Figure(result, "full fine-tuning", "mean accuracy"), Is.GreaterThan(unadapted + 0.2));
            // Tables of 4 x 16, 4 x 16 and 2 x 16; an MLP 48, 64, 8 with a norm; heads of nine numbers for each of 32 x 128 twice, 32 and 3 x 128.
            Assert.That(Figure(result, "hyperadapter", "parameters a task"), Is.EqualTo((160 + (49 * 64) + (65 * 8) + 16 + (9 * (8192 + 32 + 384))) / 4.0));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("mirrored").And.Contain("data:image/png"));
        });
    }

    [Test]
    [Explicit("fifteen epochs: minutes")]
    [Category("Long")]
    public void Train_OnMnist_ReachesSeparateAdaptersWithAThirdOfTheirParameters()
    {
        TestData.Folder("fashion-mnist");
        CliResult result = OnData("hyperadapter-digits", TestData.Folder("mnist"));
        double mean = Figure(result, "hyperadapter", "mean accuracy");
        Assert.Multiple(() =>
        {
            Assert.That(mean, Is.GreaterThan(0.905).And.GreaterThan(Figure(result, "separate adapters", "mean accuracy") - 0.01));
            Assert.That(Figure(result, "hyperadapter", "parameters a task"), Is.LessThan(Figure(result, "separate adapters", "parameters a task") / 3));
        });
    }
}
