using System.Text.Json;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Recipes;
using HyperKernels.IO;
using HyperKernels.Layers;
using HyperKernels.Models;
using static HyperKernels.Tests.Cli.RecipeRun;

namespace HyperKernels.Tests.Cli;

[Parallelizable(ParallelScope.All)]
public sealed class ContinualRecipeTests
{
    [Test]
    public void Tasks_HoldTheirDigits_AndMovePixelsAlone()
    {
        DigitData data = new(DrawnDigits.Make(60, 1, 1), DrawnDigits.Make(10, 2, 1));
        DigitTasks split = DigitTasks.Split(data);
        DigitTasks permuted = DigitTasks.Permuted(data, 3, seed: 4);
        Assert.That(split.Training.Sum(task => task.Count), Is.EqualTo(60));
        Assert.Multiple(() =>
        {
            foreach (DigitTask task in split.Training)
            {
                Assert.That(Read(task).Labels, Has.All.InRange(0, 1), task.Name);
            }
            (float[] plain, int[] labels) = Read(permuted.Training[0]);
            (float[] other, int[] same) = Read(permuted.Training[2]);
            Assert.That(same, Is.EqualTo(labels));
            Assert.That(other, Is.Not.EqualTo(plain));
            Assert.That(other[..784].Order(), Is.EqualTo(plain[..784].Order()));
            Assert.That(Read(permuted.Test[2]).Pixels[..784].Order(), Is.EqualTo(Read(permuted.Test[0]).Pixels[..784].Order()));
        });
    }

    [Test]
    public void Train_SplitDrawnDigits_ProtectsTheFirstTask_AndResumesInsideATask()
    {
        using TestData.TemporaryFolder whole = TestData.Temporary();
        using TestData.TemporaryFolder parts = TestData.Temporary();
        string[] arguments = ["train", "split-mnist", "--steps", "60"];
        CliResult result = CliProcess.Run([.. arguments, "--out", whole.Root, "--json"]);
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "hypernetwork", "when learned"), Is.GreaterThan(0.8));
            Assert.That(Figure(result, "hypernetwork", "lost on the first"), Is.LessThan(0.08));
            Assert.That(Figure(result, "hypernetwork", "mean, task told"), Is.GreaterThan(Figure(result, "fine-tuning", "mean, task told") + 0.03));
            Assert.That(result.Json.GetProperty("steps").GetInt64(), Is.EqualTo(300));
            Assert.That(File.Exists(whole.File("hypernetwork.safetensors")));
        });
        // Interrupted at the evaluation behind the second task.
        InParts(arguments, parts, "accuracy 2/3");
        EndAlike(parts, whole);
    }

    [Test]
    public void Train_SplitDrawnDigits_ByIntervals_ReportsTheOneNetwork()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        // As many steps as show that all is there; the next test learns.
        CliResult result = CliProcess.Run("train", "split-mnist-interval", "--steps", "6", "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "nested-intervals", "mean, one network"), Is.InRange(0, 1));
            Assert.That(Figure(result, "fine-tuning", "mean, one network"), Is.EqualTo(Figure(result, "fine-tuning", "mean, task told")));
            Assert.That(File.Exists(folder.File("own-intervals.safetensors")));
        });
    }

    [Test]
    public void IntervalLearner_OnDrawnDigits_KeepsTwoTasks_AlsoInOneNetwork()
    {
        const int Steps = 100;
        DigitTasks tasks = DigitTasks.Split(new DigitData(DrawnDigits.Make(400, 1, 1), DrawnDigits.Make(200, 2, 1)));
        HyperNetwork network = HyperInterval.Create(
            new Mlp([784, 16, 2]), 2, 8, new HyperIntervalOptions { Epsilon = 4, Hidden = [16] }, new RandomStream(1));
        using IntervalLearner intervals = new("intervals", network, new IntervalSchedule(Steps, 4, Fall: 0.0025), rate: 3e-3f, beta: 0.05f);
        for (int task = 0; task < 2; task++)
        {
            BatchOrder order = new(tasks.Training[task].Count, 32, task);
            float[] pixels = new float[32 * 784];
            int[] labels = new int[32];
            intervals.Begin(task);
            for (int step = 0; step < Steps; step++)
            {
                ReadOnlySpan<int> rows = order.Rows(step);
                tasks.Training[task].Fill(rows, pixels, labels);
                using MemoryScope scope = new();
                Tensor images = Tensor.From(pixels.AsSpan(0, rows.Length * 784), [rows.Length, 784]);
                Tensor classes = Tensor.From(labels.AsSpan(0, rows.Length), [rows.Length]);
                intervals.Step(images, classes, task);
            }
        }
        DigitTasks two = new([.. tasks.Training.Take(2)], [.. tasks.Test.Take(2)], 2);
        double told = Enumerable.Range(0, 2).Average(task => ContinualScores.Told(intervals, two.Test[task], task, Device.Default));
        double one = ContinualScores.OneForAll(intervals, two, Device.Default)!.Value;
        Assert.Multiple(() =>
        {
            Assert.That(told, Is.GreaterThan(0.9));
            Assert.That(one, Is.GreaterThan(0.85));
        });
    }

    // A point or two below what the recipes reach: 99.5 % and 94.9 %.
    [TestCase("split-mnist", 0.993)]
    [TestCase("permuted-mnist", 0.94)]
    [Explicit("minutes")]
    [Category("Long")]
    public void Train_OnMnist_LearnsAllTasks_AndKeepsTheFirst(string recipe, double least)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string data = Path.GetDirectoryName(TestData.Folder("mnist"))!;
        CliResult result = CliProcess.Run(Longest, "train", recipe, "--data", data, "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "hypernetwork", "mean, task told"), Is.GreaterThanOrEqualTo(least));
            Assert.That(Figure(result, "hypernetwork", "lost on the first"), Is.LessThanOrEqualTo(0.005));
            Assert.That(Figure(result, "fine-tuning", "mean, task told"), Is.LessThan(0.8));
        });
    }

    // Some points below what the recipes reach.
    [TestCase("split-mnist-interval", 0.99, 0.82, 0.73)]
    [TestCase("permuted-mnist-interval", 0.93, 0.65, 0.65)]
    [Explicit("minutes")]
    [Category("Long")]
    public void Train_OnMnist_ByIntervals_KeepsTasks_AlsoInOneNetwork(string recipe, double own, double told, double one)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        string data = Path.GetDirectoryName(TestData.Folder("mnist"))!;
        CliResult result = CliProcess.Run(Longest, "train", recipe, "--data", data, "--out", folder.Root, "--json");
        Assert.That(result.ExitCode, Is.Zero, result.ToString());
        Assert.Multiple(() =>
        {
            Assert.That(Figure(result, "own-intervals", "mean, task told"), Is.GreaterThanOrEqualTo(own));
            Assert.That(Figure(result, "nested-intervals", "mean, task told"), Is.GreaterThanOrEqualTo(told));
            Assert.That(Figure(result, "nested-intervals", "mean, one network"), Is.GreaterThanOrEqualTo(one));
            Assert.That(Figure(result, "fine-tuning", "mean, one network"), Is.LessThan(one));
        });
    }

    private static (float[] Pixels, int[] Labels) Read(DigitTask task)
    {
        float[] pixels = new float[task.Count * task.Pixels];
        int[] labels = new int[task.Count];
        task.Fill([.. Enumerable.Range(0, task.Count)], pixels, labels);
        return (pixels, labels);
    }
}
