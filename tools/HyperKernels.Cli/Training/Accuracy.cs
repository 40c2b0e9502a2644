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
        float[] pixels = new float[Batch * images.Height * images.Width];
        int[] labels = new int[Batch];
        int[] rows = new int[Batch];
        int right = 0;
        for (int start = 0; start < images.Count; start += Batch)
        {
            int count = Math.Min(Batch, images.Count - start);
            for (int i = 0; i < count; i++)
            {
                rows[i] = start + i;
            }
            images.Fill(rows.AsSpan(0, count), pixels, labels);
            using MemoryScope scope = device.Scope();
            Tensor x = Tensor.From(pixels.AsSpan(0, count * images.Height * images.Width), [count, 1, images.Height, images.Width], device);
            right += Right(logits(x).ToArray(), labels.AsSpan(0, count));
        }
        return (double)right / images.Count;
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
