using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class CheckpointTransformerTests
{
    private static readonly CheckpointTransformerOptions s_small = new()
    {
        ChunkSize = 6, Embedding = 8, Heads = 2, Blocks = 1, Frequencies = 3, MaxFrequencyLog2 = 3,
    };

    [Test]
    public void Forward_Fresh_GivesTheStartingParameters([Values] TokenSplit split)
    {
        using MemoryScope scope = new();
        using CheckpointTransformer transformer = new([10, 4], s_small with { Split = split, DecoderDepth = 2 }, new RandomStream(1));
        (Tensor noised, Tensor start, Tensor scalar) = (Normal(2, 14, 2), Normal(2, 14, 3), Normal(2, 1, 4));

        Assert.That(transformer.Forward(noised, scalar, scalar, scalar, start).ToArray(), Is.EqualTo(start.ToArray()));
    }

    // Inputs of 10 + 4, 10 + 4, and scalar tokens of 7.
    [TestCase(TokenSplit.Chunk, true, new[] { 6, 6, 6, 6, 6, 6, 6, 6, 6, 2 }, new[] { 6, 6, 2 })]
    [TestCase(TokenSplit.LayerByLayer, false, new[] { 10, 4, 10, 4, 7, 7 }, new[] { 10, 4 })]
    [TestCase(TokenSplit.ChunkWithinLayer, false, new[] { 6, 4, 4, 6, 4, 4, 6, 1, 6, 1 }, new[] { 6, 4, 4 })]
    [TestCase(TokenSplit.ChunkWithinInput, false, new[] { 6, 6, 2, 6, 6, 2, 6, 1, 6, 1 }, new[] { 6, 6, 2 })]
    public void Tokens_FollowTheSplit(TokenSplit split, bool absoluteLoss, int[] inputs, int[] outputs)
    {
        using CheckpointTransformer transformer = new([10, 4], s_small with { Split = split, AbsoluteLoss = absoluteLoss });
        Assert.That(transformer.InputTokens, Is.EqualTo(inputs));
        Assert.That(transformer.OutputTokens, Is.EqualTo(outputs));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using CheckpointTransformer transformer = new([10, 4], s_small with { EncoderDepth = 2, AbsoluteLoss = false, Split = TokenSplit.ChunkWithinInput });
        foreach (NamedParameter named in transformer.NamedParameters())
        {
            Initializer.Normal(0, 0.3f).Apply(named.Parameter, new RandomStream(1));
        }
        transformer.Save(folder.File("transformer.safetensors"));

        using CheckpointTransformer again = Layer.Load<CheckpointTransformer>(folder.File("transformer.safetensors"));

        (Tensor noised, Tensor start, Tensor scalar) = (Normal(2, 14, 2), Normal(2, 14, 3), Normal(2, 1, 4));
        Assert.That(
            again.Forward(noised, scalar, scalar, scalar, start).ToArray(),
            Is.EqualTo(transformer.Forward(noised, scalar, scalar, scalar, start).ToArray()).And.Not.EqualTo(start.ToArray()));
    }

    [Test]
    public void Errors_SayWhatMustHold()
    {
        using MemoryScope scope = new();
        using CheckpointTransformer transformer = new([10, 4], s_small);
        Tensor rows = Tensor.Zeros([2, 14]);
        Tensor scalar = Tensor.Zeros([2, 1]);
        Assert.Multiple(() =>
        {
            Assert.That(() => transformer.Forward(rows, scalar, scalar, Tensor.Zeros([1, 1]), rows), Throws.ArgumentException.With.Message.StartsWith(
                "CheckpointTransformer: startLoss must be [2, 1]; got [1, 1]."));
            Assert.That(() => new CheckpointTransformer([4], s_small with { Heads = 3 }), Throws.ArgumentException.With.Message.StartsWith(
                "CheckpointTransformer: heads must divide the width; 3 do not divide 8."));
        });
    }

    [Test]
    public void Diffusion_LearnsToImproveCheckpoints()
    {
        using MemoryScope scope = new();
        Zoo zoo = new();
        using CheckpointTransformer transformer = new(
            zoo.Sizes, new CheckpointTransformerOptions { ChunkSize = 8, Embedding = 32, Heads = 4, Blocks = 2, Frequencies = 6, MaxFrequencyLog2 = 4 }, new RandomStream(1));
        GaussianDiffusion diffusion = new(50, NoiseSchedule.Cosine);
        using AdamW adam = new(transformer.Parameters, 3e-3f, weightDecay: 0.01f);
        RandomStream random = new(2);
        List<double> losses = [];
        for (int step = 0; step < 150; step++)
        {
            using Tape tape = new();
            (Tensor start, Tensor startLoss, Tensor better, Tensor betterLoss) = zoo.Pairs(32, step);
            Tensor loss = diffusion.Loss(
                (noised, timestep) => transformer.Forward(noised, timestep, betterLoss, startLoss, start),
                better, diffusion.DrawSteps(32, random), Ops.RandomNormal(better.Shape, random));
            tape.Backward(loss);
            GradientClipping.ByNorm(tape, transformer.Parameters, 0.75f);
            adam.Step(tape);
            losses.Add(loss.ToScalar());
        }
        Assert.That(losses[^20..].Average(), Is.LessThan(0.5 * losses[..10].Average()));

        // Starts that were never seen, asked for a small loss.
        float[][] unseen = [.. Enumerable.Range(1000, 8).Select(zoo.Start)];
        Tensor first = Tensor.From([.. unseen.SelectMany(start => start)], [8, unseen[0].Length]);
        Tensor before = Tensor.From([.. unseen.Select(start => (float)zoo.Loss(start))], [8, 1]);
        Tensor wanted = Tensor.From(Enumerable.Repeat(0.01f, 8).ToArray(), [8, 1]);
        float[] samples = diffusion.Spaced(10).SampleImplicit(
            (noised, timestep) => transformer.Forward(noised, timestep, wanted, before, first), Ops.RandomNormal(first.Shape, random)).ToArray();
        Assert.That(samples.Chunk(unseen[0].Length).Average(zoo.Loss), Is.LessThan(0.5 * unseen.Average(zoo.Loss)));
    }

    private static Tensor Normal(int rows, int columns, ulong seed) => Ops.RandomNormal([rows, columns], new RandomStream(seed));

    /// <summary>Checkpoints of a small linear network, trained from many starts.</summary>
    private sealed class Zoo
    {
        private const int Runs = 24;
        private const int PerRun = 12;
        private const int Inputs = 3;
        private const int Hidden = 4;
        private readonly float[][][] _checkpoints;

        public Zoo() => _checkpoints = [.. Enumerable.Range(0, Runs).Select(run =>
        {
            List<float[]> states = [Start(run)];
            while (states.Count < PerRun)
            {
                states.Add(Descend(states[^1], steps: 10));
            }
            return states.ToArray();
        })];

        public int[] Sizes { get; } = [Inputs * Hidden, Hidden];

        public float[] Start(int run)
        {
            // Near one another, so that a permutation of the hidden units need not be learned.
            float[] values = new float[(Inputs * Hidden) + Hidden];
            new RandomStream((ulong)run).FillNormal(values, 0, 0.2f);
            for (int i = 0; i < values.Length; i++)
            {
                values[i] += 0.5f * MathF.Sin(3 * i);
            }
            return values;
        }

        /// <summary>Squared distance of w2' W1 to the function that is learned: (1, -1, 0.5).</summary>
        public double Loss(float[] p) => Residuals(p).Sum(r => r * r);

        public (Tensor Start, Tensor StartLoss, Tensor Better, Tensor BetterLoss) Pairs(int count, int step)
        {
            Random random = new(step);
            List<float> start = [];
            List<float> better = [];
            List<float> startLoss = [];
            List<float> betterLoss = [];
            for (int i = 0; i < count; i++)
            {
                float[][] run = _checkpoints[random.Next(Runs)];
                int from = random.Next(PerRun);
                (float[] a, float[] b) = (run[from], run[random.Next(from, PerRun)]);
                start.AddRange(a);
                better.AddRange(b);
                startLoss.Add((float)Loss(a));
                betterLoss.Add((float)Loss(b));
            }
            int width = start.Count / count;
            return (Tensor.From([.. start], [count, width]), Tensor.From([.. startLoss], [count, 1]),
                Tensor.From([.. better], [count, width]), Tensor.From([.. betterLoss], [count, 1]));
        }

        private static double[] Residuals(float[] p)
        {
            double[] wanted = [1, -1, 0.5];
            return [.. wanted.Select((w, k) => Enumerable.Range(0, Hidden).Sum(j => (double)p[(Inputs * Hidden) + j] * p[(j * Inputs) + k]) - w)];
        }

        private static float[] Descend(float[] p, int steps)
        {
            float[] now = [.. p];
            for (int step = 0; step < steps; step++)
            {
                double[] r = Residuals(now);
                float[] next = [.. now];
                for (int j = 0; j < Hidden; j++)
                {
                    for (int k = 0; k < Inputs; k++)
                    {
                        next[(j * Inputs) + k] -= 0.02f * (float)(2 * r[k] * now[(Inputs * Hidden) + j]);
                        next[(Inputs * Hidden) + j] -= 0.02f * (float)(2 * r[k] * now[(j * Inputs) + k]);
                    }
                }
                now = next;
            }
            return now;
        }
    }
}
