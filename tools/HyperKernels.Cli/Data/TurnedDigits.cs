using HyperKernels.Cli.Training;

namespace HyperKernels.Cli.Data;

/// <summary>A test set whose images are turned once and for all, each by its own angle.</summary>
internal sealed class TurnedDigits
{
    private const int Batch = 250;

    private readonly ImageSet _images;
    private readonly float _mostDegrees;
    private readonly int _seed;

    public TurnedDigits(ImageSet images, float mostDegrees, int seed)
    {
        _images = images;
        _mostDegrees = mostDegrees;
        _seed = seed;
    }

    /// <summary>Answers to all images, with what was asked: logits of each image, its angle, its class.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="logits">As for <see cref="Accuracy"/>.</param>
    public IEnumerable<(float[] Image, float Angle, int Label, float[] Logits)> Answers(Device device, Func<Tensor, Tensor, Tensor> logits)
    {
        TurnedBatch batch = new(Batch, _images.Height, _images.Width);
        for (int start = 0; start < _images.Count; start += Batch)
        {
            int[] rows = [.. Enumerable.Range(start, Math.Min(Batch, _images.Count - start))];
            batch.Fill(_images, rows, .., _mostDegrees, _seed, start);
            float[][] images;
            float[] angles;
            int[] labels;
            float[][] answers;
            using (device.Scope())
            {
                Tensor turned = batch.Images(device);
                Tensor told = batch.Angles(device);
                (angles, labels) = (told.ToArray(), batch.Labels(device).ToIntArray());
                images = [.. turned.ToArray().Chunk(_images.Height * _images.Width)];
                answers = [.. logits(turned, told).ToArray().Chunk(ImageSet.Classes)];
            }
            for (int i = 0; i < rows.Length; i++)
            {
                yield return (images[i], angles[i], labels[i], answers[i]);
            }
        }
    }

    /// <summary>The share of right answers of a network that is told the angles.</summary>
    /// <param name="device">Where to compute.</param>
    /// <param name="logits">Gives [B, 10] for images [B, 1, height, width] and angles [B]; called inside a memory scope.</param>
    public double Accuracy(Device device, Func<Tensor, Tensor, Tensor> logits)
    {
        TurnedBatch batch = new(Batch, _images.Height, _images.Width);
        int right = 0;
        for (int start = 0; start < _images.Count; start += Batch)
        {
            int[] rows = [.. Enumerable.Range(start, Math.Min(Batch, _images.Count - start))];
            batch.Fill(_images, rows, .., _mostDegrees, _seed, start);
            using MemoryScope scope = device.Scope();
            Tensor answers = logits(batch.Images(device), batch.Angles(device));
            right += Training.Accuracy.Right(answers.ToArray(), batch.Labels(device).ToIntArray());
        }
        return (double)right / _images.Count;
    }
}
