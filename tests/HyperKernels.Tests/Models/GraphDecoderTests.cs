using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class GraphDecoderTests
{
    [Test]
    public void Tile_CutsAndRepeatsEveryAxis()
    {
        using MemoryScope scope = new();
        Tensor source = Tensor.From([.. Enumerable.Range(0, 4 * 3 * 2 * 2).Select(i => (float)i)], [4, 3, 2, 2]);
        float[] values = source.ToArray();
        foreach (Shape target in new Shape[] { [9, 7, 1, 3], [2, 3], [5] })
        {
            float[] actual = PredictedTensors.Tile(source, target).ToArray();
            int[] size = [.. target.AsSpan(), 1, 1, 1];
            for (int i = 0; i < actual.Length; i++)
            {
                int rest = i;
                int[] at = new int[4];
                for (int axis = target.Rank - 1; axis >= 0; axis--)
                {
                    at[axis] = rest % size[axis] % source.Shape[axis];
                    rest /= size[axis];
                }
                Assert.That(actual[i], Is.EqualTo(values[(((((at[0] * 3) + at[1]) * 2) + at[2]) * 2) + at[3]]), $"{target} at {i}");
            }
        }
        Assert.That(() => PredictedTensors.Tile(source, [1, 1, 1, 1, 1]), Throws.ArgumentException);
    }

    [TestCase(new[] { 8, 4 }, 2.0 / 4)]
    [TestCase(new[] { 8, 4, 3, 3 }, 2.0 / 36)]
    [TestCase(new[] { 8, 1, 3, 3 }, 1.0 / 9)]
    [TestCase(new[] { 8, 4, 1, 3 }, 1.0 / 12)]
    [TestCase(new[] { 8, 4, 3 }, 2.0 / 12)]
    [TestCase(new[] { 1, 16, 11, 11 }, 1.0)]
    public void FanInScale_IsBetaOverFanIn(int[] shape, double square) =>
        Assert.That(PredictedTensors.FanInScale(new Shape(shape)), Is.EqualTo(Math.Sqrt(square)).Within(1e-6));

    [Test]
    public void ConvDecoder_WantedChannels_AreThoseOfTheWhole_AndWindowsLieInIt()
    {
        using MemoryScope scope = new();
        Tensor nodes = Ops.RandomNormal([2, 8], new RandomStream(1));
        foreach (KernelWindow window in Enum.GetValues<KernelWindow>())
        {
            using ConvDecoder decoder = new(8, [6, 5, 5, 5], classes: 3, window: window, random: new RandomStream(2));
            Tensor whole = decoder.Forward(nodes, [6, 5, 5, 5]);
            Tensor part = decoder.Forward(nodes, [4, 3, 3, 2]);
            (int row, int column) = window == KernelWindow.Centre ? (1, 1) : (0, 0);
            Tensor expected = Ops.Slice(Ops.Slice(Ops.Slice(Ops.Slice(whole, 1, 0, 4), 2, 0, 3), 3, row, 3), 4, column, 2);
            Assert.That(part.ToArray(), Is.EqualTo(expected.ToArray()).Within(1e-6f), $"{window}");

            Tensor grown = decoder.Forward(nodes, [6, 5, 7, 7]);
            Assert.That(grown.Shape, Is.EqualTo(new Shape(2, 6, 5, 7, 7)));
            float corner = Ops.Slice(Ops.Slice(grown, 3, 5, 1), 4, 5, 1).ToArray()[0];
            Assert.That(corner == whole.ToArray()[0], Is.EqualTo(window == KernelWindow.TopLeft), "GHN-2 repeats, GHN-3 interpolates");
        }
    }

    [TestCase(new[] { 7, 5 })]
    [TestCase(new[] { 7, 5, 1, 1 })]
    [TestCase(new[] { 4, 5, 2, 1 })]
    public void LowRankDecoder_CutWeight_IsThatOfForward_FactoredWhereItCan(int[] sizes)
    {
        using MemoryScope scope = new();
        using LowRankDecoder decoder = new(6, rank: 3, length: 10, random: new RandomStream(1));
        Tensor nodes = Ops.RandomNormal([2, 6], new RandomStream(2));
        Shape shape = new(sizes);
        Shape kernel = shape.Rank == 2 ? [7, 5, 1, 1] : shape;

        Weight weight = decoder.Cut(Ops.Reshape(Ops.Slice(decoder.Factors(nodes), 0, 1, 1), [20, 3]), shape, scale: 0.5f);

        Tensor whole = Ops.Slice(decoder.Forward(nodes, kernel), 0, 1, 1) * 0.5f;
        Assert.That(weight.Kind, Is.EqualTo(shape.Rank == 2 || sizes[2] == 1 ? WeightKind.LowRank : WeightKind.Dense));
        Assert.That(weight.Materialize().ToArray(), Is.EqualTo(whole.ToArray()).Within(1e-6f));
        if (shape.Rank == 2)
        {
            Tensor x = Ops.RandomNormal([4, 5], new RandomStream(3));
            Assert.That(Ops.Linear(x, weight).ToArray(), Is.EqualTo(Ops.Linear(x, Ops.Reshape(whole, shape)).ToArray()).Within(1e-5f));
        }
        Assert.That(() => decoder.Forward(nodes, [11, 1, 1, 1]), Throws.ArgumentException.With.Message.Contains("between 1 and 10"));
    }

    [Test]
    public void ShapeEmbedding_CountsUnknownSizesAsTheNearest()
    {
        using MemoryScope scope = new();
        using ShapeEmbedding embedding = new(8, classes: 5, random: new RandomStream(1));
        Assert.That(Embed([20, 9, 2, 2]), Is.EqualTo(Embed([16, 8, 3, 3])));
        Assert.That(Embed([6, 9000, 20, 4]), Is.EqualTo(Embed([8, 8192, 16, 3])));
        Assert.That(Embed([5, 3, 1, 1]), Is.Not.EqualTo(Embed([8, 3, 1, 1])), "the number of classes has a row of its own");
        Assert.That(Embed([8, 3]), Is.EqualTo(Embed([8, 3, 1, 1])));
        Assert.That(Embed([8, 3, 1, 1]), Is.Not.EqualTo(Embed(null)));

        float[] Embed(Shape? shape) =>
            embedding.Forward(new ArchitectureBatch(new ArchitectureGraph([new ArchitectureNode(GraphOperation.Conv, shape)], []))).ToArray();
    }
}
