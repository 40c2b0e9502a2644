using System.Text.Json;
using HyperKernels.Cli.Data;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

/// <summary>The recipes of conditional layers through the program, as a user runs them.</summary>
[Parallelizable(ParallelScope.All)]
public sealed partial class ConditionalRecipeTests
{
    [Test]
    public void Train_CondConvOnDrawnDigits_Learns_CountsItsCost_AndResumesToTheSameBits()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "condconv-fashion", "--steps", "40", "--threads", "1"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement last = Log(whole)[^1];
        // Kernels at 28 x 28, 14 x 14 and 7 x 7 places, and the classes.
        const int Plain = (784 * 8 * 9) + (196 * 16 * 72) + (49 * 32 * 144) + (32 * 10);
        const int Mixed = (16 * 72) + 16 + (32 * 144) + 32 + (32 * 10) + 10;
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "plain/loss"), Is.LessThan(2.1));
            Assert.That(Number(last, "condconv-8/loss"), Is.LessThan(1.6));
            Assert.That(Number(last, "parameternet-4/loss"), Is.LessThan(2.1));
            Assert.That(Figure(result, "plain", "multiply-adds"), Is.EqualTo(Plain));
            Assert.That(Figure(result, "condconv-8", "multiply-adds"), Is.EqualTo(Plain + (8 * (Mixed + 8 + 16 + 32))));
            Assert.That(File.Exists(whole.File("condconv-8.safetensors")));
            Assert.That(File.ReadAllText(whole.File("report.html")), Does.Contain("Accuracy by arithmetic"));
        });
        InParts(arguments, parts, "step");
        EndAlike(parts, whole);
    }

    [Test]
    public void Train_PhcOnDrawnDigits_Learns_WithAnNthOfTheHiddenWeights()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "phc-images", "--steps", "40", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        JsonElement last = Log(folder)[^1];
        // Two convolutions, and a matrix on 3 x 3 places.
        const int Real = (24 * 12 * 9) + (48 * 24 * 9) + (48 * 48 * 9);
        Assert.Multiple(() =>
        {
            Assert.That(Number(last, "real/loss"), Is.LessThan(0.8));
            Assert.That(Figure(result, "real", "hidden weights"), Is.EqualTo(Real));
            for (int n = 2; n <= 4; n++)
            {
                Assert.That(Number(last, $"n-{n}/loss"), Is.LessThan(1), $"{n}");
                Assert.That(Figure(result, $"n-{n}", "hidden weights"), Is.EqualTo((Real / n) + (3 * n * n * n)), $"{n}");
            }
            Assert.That(File.Exists(folder.File("n-3.safetensors")));
            Assert.That(File.ReadAllText(folder.File("report.html")), Does.Contain("Accuracy by parameters"));
        });
    }

    [Test]
    public void Tasks_HaveClassesAndImagesOfTheirOwn_TheSameForASeedAndAStep()
    {
        const int Ways = 3;
        const int Images = 4;
        ImageSet set = new("counted", [.. Enumerable.Range(0, 16 * 9).Select(i => (byte)i)], [.. Enumerable.Range(0, 16).Select(i => (byte)(i / 4))], 3, 3);
        FewShotTasks tasks = new([.. ImageClass.Of(set, 0, 4)], Ways, shots: 1, queries: 3, tasks: 2);
        tasks.Draw(seed: 5, step: 7);
        int[] rows = tasks.Rows.ToArray();
        tasks.Draw(5, 8);
        int[] later = tasks.Rows.ToArray();
        tasks.Draw(5, 7);
        Assert.Multiple(() =>
        {
            Assert.That(tasks.Rows.ToArray(), Is.EqualTo(rows).And.Not.EqualTo(later));
            // All four images of a class: a task of three classes has twelve different ones, one class after another.
            Assert.That(rows[..(Ways * Images)], Is.Unique);
            Assert.That(rows.Chunk(Images).Select(own => own.Select(row => set.Labels[row]).Distinct().Count()), Is.All.EqualTo(1));
            Assert.That(tasks.Answers[..9], Is.EqualTo(new[] { 0, 0, 0, 1, 1, 1, 2, 2, 2 }));
        });
    }

    [Test]
    public void Classes_TurnedMirroredAndHalved_AreClassesOfTheirOwn()
    {
        ImageSet set = new("counted", [0, 1, 2, 3, 10, 20, 30, 40], [0, 1], 2, 2);
        ImageClass[] classes = [.. ImageClass.Of(set, 0, 10)];
        Assert.That(classes, Has.Length.EqualTo(2));
        float[][] turned = [.. classes[0].Turned(8).Select(one => Read(one, 0))];
        ImageClass[] all = [.. ImageClass.WithHalves(classes)];
        Assert.Multiple(() =>
        {
            Assert.That(turned.Select(pixels => string.Join(' ', pixels)), Is.Unique);
            Assert.That(turned[0], Is.EqualTo(new float[] { 0, 1, 2, 3 }));
            Assert.That(turned[1], Is.EqualTo(new float[] { 1, 3, 0, 2 }), "a quarter to the left");
            Assert.That(turned[2], Is.EqualTo(new float[] { 3, 2, 1, 0 }), "a half");
            Assert.That(turned[4], Is.EqualTo(new float[] { 1, 0, 3, 2 }), "mirrored");
            Assert.That(all, Has.Length.EqualTo(4));
            Assert.That(Read(all[2], 0), Is.EqualTo(new float[] { 0, 20, 2, 40 }), "the left of the first, the right of the second");
        });

        static float[] Read(ImageClass one, int row)
        {
            float[] pixels = new float[4];
            one.Fill(row, pixels);
            return [.. pixels.Select(static pixel => MathF.Round(pixel * 255))];
        }
    }

    [Test]
    public void Train_HyperShotOnDrawnDigits_TellsUnseenDigitsApart_AndMoreExamplesHelp()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        CliResult result = CliProcess.Run("train", "hypershot-digits", "--steps", "40", "--threads", "1", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            // A guess is right in one of five.
            Assert.That(Figure(result, "prototypes-1", "test accuracy"), Is.GreaterThan(0.4));
            Assert.That(Figure(result, "hypershot-1", "test accuracy"), Is.GreaterThan(0.3));
            Assert.That(Figure(result, "prototypes-5", "test accuracy"), Is.GreaterThan(Figure(result, "prototypes-1", "test accuracy")));
            Assert.That(Figure(result, "hypershot-5", "±"), Is.InRange(1e-3, 1e-2));
            Assert.That(Figure(result, "hypershot-5", "beyond prototypes"), Is.EqualTo(
                Figure(result, "hypershot-5", "test accuracy") - Figure(result, "prototypes-5", "test accuracy")).Within(1e-9));
            Assert.That(File.Exists(folder.File("hypershot-5-head.safetensors")) && File.Exists(folder.File("prototypes-1-backbone.safetensors")));
        });
    }

    [Test]
    [Explicit("ten epochs of four networks: minutes")]
    [Category("Long")]
    public void Train_CondConvOnFashion_ExpertsGainMoreThanTheyCost()
    {
        CliResult result = OnData("condconv-fashion", TestData.Folder("fashion-mnist"));
        Assert.Multiple(() =>
        {
            foreach (string run in (string[])["condconv-4", "condconv-8"])
            {
                Assert.That(Figure(result, run, "gain"), Is.GreaterThan(0.005), run);
                Assert.That(Figure(result, run, "time ratio"), Is.LessThan(2), run);
            }
        });
    }

    [Test]
    [Explicit("six epochs of four networks: minutes")]
    [Category("Long")]
    public void Train_PhcOnFashion_AQuarterOfTheWeightsLosesLittle()
    {
        CliResult result = OnData("phc-images", TestData.Folder("fashion-mnist"));
        Assert.That(Figure(result, "real", "test accuracy"), Is.GreaterThan(0.9));
        Assert.That(Figure(result, "n-4", "beyond real"), Is.GreaterThan(-0.02));
    }

    [Test]
    [Explicit("3,000 steps of four learners: minutes")]
    [Category("Long")]
    public void Train_HyperShotOnDigits_IsAsGoodAsPrototypes()
    {
        CliResult result = OnData("hypershot-digits", TestData.Folder("mnist"));
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "hypershot-1", "beyond prototypes"), Is.GreaterThan(-0.02));
            Assert.That(Figure(result, "hypershot-5", "beyond prototypes"), Is.GreaterThan(-0.01));
            Assert.That(Figure(result, "hypershot-1", "test accuracy"), Is.GreaterThan(0.68));
            Assert.That(Figure(result, "hypershot-5", "test accuracy"), Is.GreaterThan(0.9));
        });
    }
}
