namespace HyperKernels.Tests.Gpu;

/// <summary>Sizes at which an op takes several launches, too large for the catalogue's oracles: the processor's results are.</summary>
public sealed class ManyLaunchTests
{
    [Test]
    public void ScatterAddRows_ManyRowsAndOneWithHalfOfAll_GivesTheSums()
    {
        const int Count = 200_000;
        const int Rows = 70_001;
        Random random = new(1);
        int[] rows = [.. Enumerable.Range(0, Count).Select(_ => random.Next(2) * random.Next(Rows))];
        Compare([Count, 2], (values, device) => Ops.ScatterAddRows(values, Tensor.From(rows, [Count], device), Rows).ToArray(), 2e-6);
    }

    [Test]
    public void Sum_OfMillions_GivesTheSum() => Compare([3_000_017], (x, _) => Ops.Sum(x).ToArray(), 1e-5);

    [Test]
    public void ArgMax_OfMillions_GivesTheFirstLargest()
    {
        Device device = Gpus.OpenCL;
        float[] values = Values(2_500_000, 3);
        values[1_234_567] = values[2_345_678] = 7;
        using MemoryScope scope = device.Scope();
        Assert.That(Ops.ArgMax(Tensor.From(values, [values.Length], device), 0).ToIntArray(), Is.EqualTo(new[] { 1_234_567 }));
    }

    [Test]
    public void Transpose_OfLargeMatrix_MovesEveryElement() => Compare([1021, 2039], (x, _) => Ops.Transpose(x).ToArray(), 0);

    [TestCase(1_000_003, 1, 0)]
    [TestCase(2000, 500, 1)]
    [TestCase(3001, 333, 1)]
    [TestCase(3001, 333, 0)]
    public void Elementwise_MoreElementsThanThreads_GivesValuesAndGradients(int rows, int columns, int repeated) =>
        Compare([rows, columns], (x, device) =>
        {
            Tensor row = Tensor.From(Values(repeated == 0 ? rows : columns, 9), repeated == 0 ? [rows, 1] : [columns], device);
            using Tape tape = new();
            Tensor watched = tape.Watch(x);
            return tape.Gradient(Ops.Gelu(Ops.Multiply(watched, row)), watched).ToArray();
        }, 1e-6);

    [TestCase(70_001, 10, 1)]
    [TestCase(3, 100_003, 1)]
    [TestCase(2, 7, 50_001)]
    public void Softmax_ManyOrLongLines_GivesValuesAndGradients(int outer, int length, int inner)
    {
        Compare([outer, length, inner], (x, _) => Ops.Softmax(x, 1).ToArray(), 1e-5);
        Compare([outer, length, inner], (x, _) =>
        {
            using Tape tape = new();
            Tensor watched = tape.Watch(x);
            return tape.Gradient(Ops.LogSoftmax(watched, 1), [watched], x)[0].ToArray();
        }, 1e-5);
    }

    [Test]
    public void CrossEntropy_ManyRows_GivesTheGradient() => Compare([40_001, 7], (logits, device) =>
    {
        Tensor labels = Tensor.From([.. Enumerable.Range(0, 40_001).Select(i => i % 7)], [40_001], device);
        using Tape tape = new();
        Tensor watched = tape.Watch(logits);
        return tape.Gradient(Ops.CrossEntropy(watched, labels, Reduction.Sum), watched).ToArray();
    }, 1e-6);

    [TestCase(3, 100_003)]
    [TestCase(50_001, 6)]
    public void LayerNorm_LongOrManyRows_GivesAllGradients(int rows, int columns) =>
        Compare([rows, columns], (x, device) => Gradients(x, columns, device, (y, gain, bias) => Ops.LayerNorm(y, 1, gain, bias)), 2e-5);

    [TestCase(50_001, 6, 1)]
    [TestCase(32, 5, 1763)]
    public void BatchNorm_ManySamples_GivesAllGradients(int samples, int channels, int inner) =>
        Compare([samples, channels, inner], (x, device) => Gradients(x, channels, device, (y, gain, bias) => Ops.BatchNorm(y, gain, bias).Output), 2e-5);

    [TestCase(1)]
    [TestCase(8)]
    [TestCase(129)]
    [TestCase(1100)]
    public void NodesToEdges_HyperedgesFromOneToManyMembers_GivesTheSums(int features)
    {
        int[][] edges = Skewed(nodes: 500, largest: features > 100 ? 3000 : 300_000);
        Compare([500, features], (x, device) =>
        {
            using Incidence incidence = Incidence.FromEdges(500, edges, device);
            return Ops.NodesToEdges(x, incidence).ToArray();
        }, 1e-5);
    }

    [TestCase(1)]
    [TestCase(300)]
    public void SegmentSoftmax_HyperedgesFromOneToManyMembers_AddsUpToOne(int heads)
    {
        int[][] edges = Skewed(nodes: 500, largest: heads > 100 ? 1000 : 300_000);
        int memberships = edges.Sum(edge => edge.Length);
        Compare([memberships, heads], (scores, device) =>
        {
            using Incidence incidence = Incidence.FromEdges(500, edges, device);
            Tensor softmax = Ops.SegmentSoftmax(scores, incidence, Toward.Edges);
            Assert.That(Ops.SegmentSum(softmax, incidence, Toward.Edges).ToArray(), Is.All.EqualTo(1f).Within(1e-5));
            return softmax.ToArray();
        }, 1e-5);
    }

    [TestCase(Toward.Edges)]
    [TestCase(Toward.Nodes)]
    public void SegmentMax_HyperedgesFromOneToManyMembers_GivesLargestAndItsGradient(Toward toward)
    {
        int[][] edges = Skewed(nodes: 500, largest: 100_000);
        int memberships = edges.Sum(edge => edge.Length);
        Compare([memberships, 3], (values, device) =>
        {
            using Incidence incidence = Incidence.FromEdges(500, edges, device);
            using Tape tape = new();
            Tensor watched = tape.Watch(values);
            return tape.Gradient(Ops.SegmentMax(watched, incidence, toward), watched).ToArray();
        }, 0);
    }

    // Of a normalisation's weighted sum with respect to x, gains and biases, one behind the other.
    private static float[] Gradients(Tensor x, int channels, Device device, Func<Tensor, Tensor, Tensor, Tensor> run)
    {
        using Tape tape = new();
        Tensor watched = tape.Watch(x);
        Tensor gain = tape.Watch(Tensor.From(Values(channels, 10), [channels], device));
        Tensor bias = tape.Watch(Tensor.From(Values(channels, 11), [channels], device));
        Tensor seed = Tensor.From(Values(x.Shape.Count, 12), x.Shape, device);
        return [.. tape.Gradient(run(watched, gain, bias), [watched, gain, bias], seed).SelectMany(gradient => gradient.ToArray())];
    }

    // Members at random, and sizes from one member up, as many hyperedges of each magnitude.
    private static int[][] Skewed(int nodes, int largest)
    {
        Random random = new(7);
        List<int[]> edges = [];
        for (int size = 1; size <= largest; size = (size * 3) + 1)
        {
            for (int i = 0; i < 3; i++)
            {
                edges.Add([.. Enumerable.Range(0, size).Select(_ => random.Next(nodes))]);
            }
        }
        return [.. edges];
    }

    private static float[] Values(long count, int seed)
    {
        Random random = new(seed);
        float[] values = new float[count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = (float)((random.NextDouble() * 2) - 1);
        }
        return values;
    }

    // The tolerance is a share of the largest magnitude expected.
    private static void Compare(Shape shape, Func<Tensor, Device, float[]> run, double tolerance)
    {
        Device device = Gpus.OpenCL;
        float[] values = Values(shape.Count, 5);
        float[] expected = On(Device.Cpu);
        float[] actual = On(device);
        double allowed = tolerance * expected.Max(Math.Abs);
        Assert.That(actual, Has.Length.EqualTo(expected.Length));
        int worst = Enumerable.Range(0, expected.Length).MaxBy(i => Math.Abs(actual[i] - expected[i]));
        Assert.That(actual[worst], Is.EqualTo(expected[worst]).Within(allowed), $"element {worst}");
        Assert.That(On(device), Is.EqualTo(actual), "a rerun");

        float[] On(Device on)
        {
            using MemoryScope scope = on.Scope();
            return run(Tensor.From(values, shape, on), on);
        }
    }
}
