using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class IgpgTests
{
    private static readonly IgpgOptions s_small = new()
    {
        ChunkSize = 6, Tokens = 2, Codes = 24, CodeSize = 4, HiddenFeatures = 32, Embedding = 16, Heads = 2, Blocks = 1,
    };

    [Test]
    public void Quantizer_Nearest_TakesTheNearestCode_AndPassesGradientsThrough()
    {
        using VectorQuantizer quantizer = new(3, 2, commitment: 0.5f);
        quantizer.Codebook.Load([0, 0, 1, 1, -2, 3]);
        using Tape tape = new();
        Tensor z = tape.Watch(Tensor.From([0.9f, 0.8f, -1, 2], [2, 2]));

        (Tensor quantised, Tensor codes, Tensor loss) = quantizer.Forward(z);

        Assert.That(codes.ToIntArray(), Is.EqualTo(new[] { 1, 2 }));
        Assert.That(quantised.ToArray(), Is.EqualTo(new[] { 1f, 1, -2, 3 }).Within(1e-6));
        // Differences 0.1, 0.2, -1, 1.
        Assert.That(loss.ToScalar(), Is.EqualTo(1.5 * (0.01 + 0.04 + 1 + 1) / 4).Within(1e-5));
        Tensor weighted = Ops.Sum(Ops.Multiply(quantised, Tensor.From([1f, 2, 3, 4], [2, 2])));
        Assert.That(tape.Gradient(weighted, z).ToArray(), Is.EqualTo(new[] { 1f, 2, 3, 4 }));
    }

    [Test]
    public void Quantizer_Loss_MovesCodesToVectors_AndVectorsToCodesByBeta()
    {
        using VectorQuantizer quantizer = new(2, 1, commitment: 0.25f);
        quantizer.Codebook.Load([1, 5]);
        using Tape tape = new();
        Tensor z = tape.Watch(Tensor.From([2f], [1, 1]));
        Tensor loss = quantizer.Forward(z).Loss;
        Tensor[] gradients = tape.Gradient(loss, [quantizer.Codebook.OwnValue, z]);
        Assert.That(gradients[0].ToArray(), Is.EqualTo(new[] { -2f, 0 }).Within(1e-6));
        Assert.That(gradients[1].ToArray(), Is.EqualTo(new[] { 0.5f }).Within(1e-6));
    }

    [Test]
    public void Quantizer_Gumbel_DrawsInProportionToScores_AndTakesTheHighestOtherwise()
    {
        using MemoryScope scope = new();
        using VectorQuantizer quantizer = new(3, 2, QuantizerKind.Gumbel, random: new RandomStream(1));
        Linear scores = quantizer.Find<Linear>().Single().Layer;
        scores.Weight.Load(new float[6]);
        scores.Bias!.Load([MathF.Log(0.5f), MathF.Log(0.3f), MathF.Log(0.2f)]);
        Tensor z = Tensor.Zeros([6000, 2]);

        int[] codes = quantizer.Forward(z).Codes.ToIntArray();

        double[] shares = [.. Enumerable.Range(0, 3).Select(code => codes.Count(c => c == code) / 6000.0)];
        Assert.That(shares, Is.EqualTo(new[] { 0.5, 0.3, 0.2 }).Within(0.03));
        double[] p = [0.5, 0.3, 0.2];
        Assert.That(quantizer.Forward(z).Loss.ToScalar(), Is.EqualTo(0.25 * p.Sum(share => share * Math.Log(3 * share))).Within(1e-4));
        quantizer.Eval();
        Assert.That(quantizer.Forward(z).Codes.ToIntArray(), Has.All.EqualTo(0));
    }

    [Test]
    public void Transformer_ScoresOfACode_DependOnTheCodesBeforeItAlone()
    {
        using MemoryScope scope = new();
        using CodeTransformer transformer = new(5, 4, 8, 2, 2, random: new RandomStream(1));
        Tensor prefix = Ops.RandomNormal([1, 8], new RandomStream(2));
        Tensor places = Ops.RandomNormal([4, 8], new RandomStream(3));
        float[] one = transformer.Forward(prefix, Tensor.From([1, 2, 3], [1, 3]), places).ToArray();
        float[] other = transformer.Forward(prefix, Tensor.From([1, 4, 3], [1, 3]), places).ToArray();
        Assert.That(one[..10], Is.EqualTo(other[..10]).Within(1e-6));
        Assert.That(one[10..15], Is.Not.EqualTo(other[10..15]).Within(1e-6));
        Assert.That(transformer.Generate(prefix, places, new RandomStream(4), temperature: 0)[0], Is.EqualTo(Array.IndexOf(one[..5], one[..5].Max())));
    }

    [TestCase(QuantizerKind.Nearest)]
    [TestCase(QuantizerKind.Gumbel)]
    public void Load_AfterSave_GivesTheSameWeights(QuantizerKind kind)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Igpg generator = new([[10, 3], [7]], 2, s_small with { Quantizer = kind, Scale = 2 }, new RandomStream(1));
        generator.Save(folder.File("generator.safetensors"));

        using Igpg again = Layer.Load<Igpg>(folder.File("generator.safetensors"));

        Assert.That(again.Generate(0, [0, 1], new RandomStream(2)).ToArray(), Is.EqualTo(generator.Generate(0, [0, 1], new RandomStream(2)).ToArray()));
        Assert.That(again.Generate(1, [1], new RandomStream(2)).Shape, Is.EqualTo(new Shape(1, 7)));
    }

    [Test]
    public void Training_OnCheckpointsMadeHere_ReconstructsThem_AndWritesNetworksThatWork()
    {
        const int PerKind = 12;
        using MemoryScope scope = new();
        // Two architectures, y = w2' tanh(W1 x) with 3 or 5 hidden units, and two data sets: x1 + x2, and x1 - x2.
        int[] hidden = [3, 5];
        using Igpg generator = new([.. hidden.Select(h => new[] { 2 * h, h })], 2, s_small, new RandomStream(1));
        Tensor[,] zoo = new Tensor[2, 2];
        for (int architecture = 0; architecture < 2; architecture++)
        {
            for (int data = 0; data < 2; data++)
            {
                zoo[architecture, data] = Checkpoints(hidden[architecture], data, PerKind);
            }
        }
        int[][] owners = [.. Enumerable.Range(0, 2).Select(data => Enumerable.Repeat(data, PerKind).ToArray())];
        using Adam adam = new(generator.Parameters, 3e-3f);
        List<double> errors = [];
        for (int step = 0; step < 240; step++)
        {
            using Tape tape = new();
            (Tensor loss, Tensor error) = generator.CodecLoss(zoo[step % 2, step / 2 % 2], step % 2);
            tape.Backward(loss);
            adam.Step(tape);
            errors.Add(error.ToScalar());
        }
        Assert.That(errors[^20..].Average(), Is.LessThan(0.3 * errors[..4].Average()));
        List<double> entropies = [];
        for (int step = 0; step < 160; step++)
        {
            using Tape tape = new();
            int data = step / 2 % 2;
            Tensor loss = generator.SequenceLoss(zoo[step % 2, data], step % 2, owners[data]);
            tape.Backward(loss);
            adam.Step(tape);
            entropies.Add(loss.ToScalar());
        }
        Assert.That(entropies[^20..].Average(), Is.LessThan(0.6 * entropies[..4].Average()));

        generator.Eval();
        for (int architecture = 0; architecture < 2; architecture++)
        {
            for (int data = 0; data < 2; data++)
            {
                float[] written = generator.Generate(architecture, [data], new RandomStream(9), temperature: 0).ToArray();
                (double own, double other) = (Error(written, hidden[architecture], data), Error(written, hidden[architecture], 1 - data));
                Assert.That(own, Is.LessThan(0.5 * other), $"architecture {architecture}, data {data}");
            }
        }
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using MemoryScope scope = new();
        using Igpg generator = new([[10, 3], [7]], 2, s_small);
        Assert.Multiple(() =>
        {
            Assert.That(() => generator.Generate(2, [0], new RandomStream(0)), Throws.ArgumentException.With.Message.StartsWith("Igpg: there are architectures 0 to 1; got 2."));
            Assert.That(() => generator.Generate(0, [2], new RandomStream(0)), Throws.ArgumentException.With.Message.StartsWith("Igpg: there are data sets 0 to 1; got 2."));
            Assert.That(() => generator.Reconstruct(Tensor.Zeros([1, 7]), 0), Throws.ArgumentException.With.Message.StartsWith(
                "Igpg: weight sets of architecture 0 must be [B, 13]; got [1, 7]."));
        });
    }

    private static double Answer(ReadOnlySpan<float> p, int hidden, double a, double b)
    {
        double sum = 0;
        for (int j = 0; j < hidden; j++)
        {
            sum += p[(2 * hidden) + j] * Math.Tanh((p[2 * j] * a) + (p[(2 * j) + 1] * b));
        }
        return sum;
    }

    private static double Error(float[] p, int hidden, int data)
    {
        double sum = 0;
        for (int i = 0; i < 25; i++)
        {
            (double a, double b) = ((i % 5 / 2.0) - 1, (i / 5 / 2.0) - 1);
            sum += Math.Pow(Answer(p, hidden, a, b) - (data == 0 ? a + b : a - b), 2) / 25;
        }
        return sum;
    }

    // All from starts near one another, so that hidden units play the same parts.
    private static Tensor Checkpoints(int hidden, int data, int count)
    {
        int size = 3 * hidden;
        float[] all = new float[count * size];
        for (int run = 0; run < count; run++)
        {
            float[] p = new float[size];
            new RandomStream((ulong)run).FillNormal(p, 0, 0.1f);
            for (int i = 0; i < size; i++)
            {
                p[i] += 0.6f * MathF.Cos(2 * i);
            }
            for (int step = 0; step < 80; step++)
            {
                // Central differences are exact enough for a handful of values.
                float[] gradient = new float[size];
                for (int i = 0; i < size; i++)
                {
                    float[] above = [.. p];
                    float[] below = [.. p];
                    above[i] += 0.01f;
                    below[i] -= 0.01f;
                    gradient[i] = (float)((Error(above, hidden, data) - Error(below, hidden, data)) / 0.02);
                }
                for (int i = 0; i < size; i++)
                {
                    p[i] -= 0.2f * gradient[i];
                }
            }
            p.CopyTo(all, run * size);
        }
        return Tensor.From(all, [count, size]);
    }
}
