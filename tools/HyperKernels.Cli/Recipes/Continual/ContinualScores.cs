using System.Globalization;
using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Recipes;

/// <summary>How well a continual learner answers the test images of its tasks, with the task told and with the task to be found.</summary>
internal static class ContinualScores
{
    private const int Batch = 500;

    /// <summary>The share of right answers of a task's test images by the weights of that task.</summary>
    public static double Told(ContinualLearner learner, DigitTask test, int task, Device device)
    {
        int right = 0;
        ForBatches(test, device, (images, labels) => right += Accuracy.Right(learner.Logits(images, task).ToArray(), labels));
        return (double)right / test.Count;
    }

    /// <summary>The share of test images of which both the task, by the lowest entropy of its weights' answer, and the class are found.</summary>
    public static double Found(ContinualLearner learner, DigitTask test, int task, int tasks, Device device)
    {
        int right = 0;
        ForBatches(test, device, (images, labels) =>
        {
            float[][] logits = [.. Enumerable.Range(0, tasks).Select(other => learner.Logits(images, other).ToArray())];
            int classes = logits[0].Length / labels.Length;
            for (int i = 0; i < labels.Length; i++)
            {
                double[] entropies = [.. logits.Select(all => Entropy(all.AsSpan(i * classes, classes)))];
                bool isTask = Array.IndexOf(entropies, entropies.Min()) == task;
                right += isTask ? Accuracy.Right(logits[task].AsSpan(i * classes, classes), labels.AsSpan(i, 1)) : 0;
            }
        });
        return (double)right / test.Count;
    }

    /// <summary>The mean over tasks of the share of right answers by one network for all of them; null where there is none.</summary>
    public static double? OneForAll(ContinualLearner learner, DigitTasks tasks, Device device)
    {
        bool has = true;
        double mean = tasks.Test.Average(test =>
        {
            int right = 0;
            ForBatches(test, device, (images, labels) =>
            {
                Tensor? logits = learner.LogitsOfAny(images, tasks.Test.Count);
                has &= logits is not null;
                right += logits is { } all ? Accuracy.Right(all.ToArray(), labels) : 0;
            });
            return (double)right / test.Count;
        });
        return has ? mean : null;
    }

    /// <summary>Notes for a checkpoint: numbers by name.</summary>
    public static Dictionary<string, string> Write(IReadOnlyDictionary<string, double> scores) =>
        scores.ToDictionary(pair => $"score.{pair.Key}", pair => pair.Value.ToString("R", CultureInfo.InvariantCulture));

    /// <summary>Reads what <see cref="Write"/> wrote.</summary>
    public static Dictionary<string, double> Read(IReadOnlyDictionary<string, string> notes) => notes
        .Where(pair => pair.Key.StartsWith("score.", StringComparison.Ordinal))
        .ToDictionary(pair => pair.Key["score.".Length..], pair => double.Parse(pair.Value, CultureInfo.InvariantCulture));

    private static double Entropy(ReadOnlySpan<float> logits)
    {
        double largest = double.NegativeInfinity;
        foreach (float logit in logits)
        {
            largest = Math.Max(largest, logit);
        }
        double sum = 0;
        double weighted = 0;
        foreach (float logit in logits)
        {
            double share = Math.Exp(logit - largest);
            sum += share;
            weighted += share * (logit - largest);
        }
        return Math.Log(sum) - (weighted / sum);
    }

    private static void ForBatches(DigitTask test, Device device, Action<Tensor, int[]> score)
    {
        float[] pixels = new float[Batch * test.Pixels];
        int[] labels = new int[Batch];
        for (int start = 0; start < test.Count; start += Batch)
        {
            int count = Math.Min(Batch, test.Count - start);
            test.Fill([.. Enumerable.Range(start, count)], pixels, labels);
            using MemoryScope scope = device.Scope();
            score(Tensor.From(pixels.AsSpan(0, count * test.Pixels), [count, test.Pixels], device), labels[..count]);
        }
    }
}
