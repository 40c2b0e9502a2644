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
