using HyperKernels.Cli.Data;
using HyperKernels.Cli.Training;
using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>
/// A few-shot learner: four convolutions that embed images, and behind them a <see cref="HyperShot"/>, or prototypes, where the answer is the class whose mean is
/// nearest.
/// </summary>
/// <remarks>Prototypes: Snell, Swersky, Zemel, Prototypical Networks for Few-shot Learning, NeurIPS 2017.</remarks>
internal sealed class FewShotNet : Layer
{
    /// <summary>The size of an embedding.</summary>
    public const int Features = 64;

    private const int Batch = 500;

    /// <param name="ways">The classes of a task.</param>
    /// <param name="shots">Images of a class to learn from.</param>
    /// <param name="seed">Of the first values: the backbone's are the same with every head.</param>
    /// <param name="head">What a HyperShot behind the backbone is like; null means prototypes.</param>
    public FewShotNet(int ways, int shots, int seed, HyperShotOptions? head)
    {
        (Ways, Shots) = (ways, shots);
        RandomStream random = new((ulong)seed);
        List<TensorLayer> layers = [];
        int channels = 1;
        foreach (int more in (int[])[16, 32, 32, Features])
        {
            layers.AddRange([new Conv2d(channels, more, 3, padding: 1, random: random), new BatchNorm(more), new Relu(), new MaxPool2d(2)]);
            channels = more;
        }
        Backbone = Add("backbone", new Sequential([.. layers, new Flatten()]));
        Head = head is null ? null : Add("head", new HyperShot(Features, ways, shots, head, random));
    }

    /// <summary>The classes of a task.</summary>
    public int Ways { get; }

    /// <summary>Images of a class to learn from.</summary>
    public int Shots { get; }

    /// <summary>Embeds images [B, 1, height, width] of 16 to 31 pixels a side as [B, Features].</summary>
    public Sequential Backbone { get; }

    /// <summary>What reads the embeddings; null where prototypes do.</summary>
    public HyperShot? Head { get; }

    /// <summary>Embeds a whole set.</summary>
    /// <returns>[Count, Features], row after row.</returns>
    public float[] Embed(ImageSet images, Device device)
    {
        ImageBatch batch = new(Batch, images.Height, images.Width);
        float[] embeddings = new float[images.Count * Features];
        for (int start = 0; start < images.Count; start += Batch)
        {
            batch.Fill(images, [.. Enumerable.Range(start, Math.Min(Batch, images.Count - start))]);
            using MemoryScope scope = device.Scope();
            Backbone.Forward(batch.Images(device)).ToArray().CopyTo(embeddings.AsSpan(start * Features));
        }
        return embeddings;
    }

    /// <summary>Learns tasks from their shots and answers for their queries.</summary>
    /// <param name="embeddings">[tasks * ways * (shots + queries), Features], the shots of a class before its queries.</param>
    /// <param name="tasks">The number of tasks.</param>
    /// <returns>Logits [tasks * ways * queries, ways].</returns>
    public Tensor Answer(Tensor embeddings, int tasks)
    {
        Tensor all = Ops.Reshape(embeddings, tasks, Ways, -1, Features);
        Tensor support = Ops.Slice(all, 2, 0, Shots);
        Tensor queries = Ops.Reshape(Ops.Slice(all, 2, Shots, all.Shape[2] - Shots), tasks, -1, Features);
        return Ops.Reshape(Head is null ? Prototypes(support, queries) : Head.Forward(support, queries), -1, Ways);
    }

    // -|q - m|^2 without |q|^2, which is the same for all classes.
    private static Tensor Prototypes(Tensor support, Tensor queries)
    {
        Tensor means = Ops.Mean(support, [2]);
        Tensor products = Ops.MultiplyScalar(Ops.Matmul(queries, means, transposeB: true), 2);
        return Ops.Subtract(products, Ops.Reshape(Ops.Sum(Ops.Square(means), [2]), means.Shape[0], 1, means.Shape[1]));
    }
}
