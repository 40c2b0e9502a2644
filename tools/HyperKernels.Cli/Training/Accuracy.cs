using System.Numerics.Tensors;
using HyperKernels.Cli.Data;

namespace HyperKernels.Cli.Training;

/// <summary>How many of a set's images a network names rightly.</summary>
internal static class Accuracy
{
    private const int Batch = 500;

    /// <summary>The share of right answers.</summary>
    /// <param name="images">The set.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="logits">Gives [B, 10] for [B, 1, height, width]; called inside a memory scope.</param>
    public static double Of(ImageSet images, Device device, Func<Tensor, Tensor> logits)
    {
        int right = 0;
        Visit(images, device, logits, (given, labels) => right += Right(given.ToArray(), labels));
        return (double)right / images.Count;
    }

    /// <summary>The mean cross-entropy, and the share of right answers; parameters as for <see cref="Of"/>.</summary>
    public static (double Loss, double Accuracy) AndLoss(ImageSet images, Device device, Func<Tensor, Tensor> logits)
    {
        int right = 0;
        double loss = 0;
        Visit(images, device, logits, (given, labels) =>
        {
            right += Right(given.ToArray(), labels);
            loss += Ops.CrossEntropy(given, Tensor.From(labels, [labels.Length], device), Reduction.Sum).ToScalar();
        });
        return (loss / images.Count, (double)right / images.Count);
    }

    /// <summary>Gives logits and labels of the set, batch after batch; parameters as for <see cref="Of"/>.</summary>
    public static void Visit(ImageSet images, Device device, Func<Tensor, Tensor> logits, Action<Tensor, ReadOnlySpan<int>> take)
    {
        ImageBatch batch = new(Batch, images.Height, images.Width);
        int[] all = new int[images.Count];
        for (int i = 0; i < all.Length; i++)
        {
            all[i] = i;
        }
        int[] labels = new int[Batch];
        for (int start = 0; start < images.Count; start += Batch)
        {
            ReadOnlySpan<int> rows = all.AsSpan(start, Math.Min(Batch, images.Count - start));
            for (int i = 0; i < rows.Length; i++)
            {
                labels[i] = images.Labels[rows[i]];
            }
            batch.Fill(images, rows);
            using MemoryScope scope = device.Scope();
            take(logits(batch.Images(device)), labels.AsSpan(0, rows.Length));
        }
    }

    /// <summary>How many rows have their largest number at the label.</summary>
    public static int Right(ReadOnlySpan<float> logits, ReadOnlySpan<int> labels)
    {
        int classes = logits.Length / labels.Length;
        int right = 0;
        for (int i = 0; i < labels.Length; i++)
        {
            right += TensorPrimitives.IndexOfMax(logits.Slice(i * classes, classes)) == labels[i] ? 1 : 0;
        }
        return right;
    }
}
