using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ArchitectureGraphTests
{
    [Test]
    public void Of_ATreeOfLayers_HasItsOperationsAndWhatFeedsThem()
    {
        using Sequential network = new(
            new Conv2d(3, 8, 3), new BatchNorm(8), new Relu(),
            new Residual(new Sequential(new Conv2d(8, 8, 3, padding: 1, groups: 8, bias: false), new GroupNorm(2, 8, affine: false), new Relu())),
            new Residual(new Tanh()), new MaxPool2d(2), new AdaptiveAveragePool2d(1), new Flatten(), new Mlp([8, 5, 2]));

        Assert.That(ArchitectureGraph.Of(network).ToString().Split('\n'), Is.EqualTo(
        [
            "0: Input",
            "1: Conv [8, 3, 3, 3] \"0.weight\" <- 0",
            "2: Bias [8] \"0.bias\" <- 1",
            "3: BatchNorm [8] \"1.weight\" <- 2",
            "4: GroupedConv [8, 1, 3, 3] \"3.inner.0.weight\" <- 3",
            "5: GroupNorm <- 4",
            "6: Sum <- 3, 5",
            "7: MaxPool [1, 1, 2, 2] <- 6",
            "8: GlobalAverage <- 7",
            "9: Conv [5, 8] \"8.0.weight\" <- 8",
            "10: Bias [5] \"8.0.bias\" <- 9",
            "11: Conv [2, 5] \"8.2.weight\" <- 10",
            "12: Bias [2] \"8.2.bias\" <- 11",
        ]));
    }

    [Test]
    public void Of_OtherLayers_AreTheirParametersAndInnerLayers_UnlessTheySayOtherwise()
    {
        using Linear tied = new(4, 4);
        using Sequential network = new(tied, new RmsNorm(4), tied, new Fork());
        ArchitectureGraph graph = ArchitectureGraph.Of(network);
        Assert.That(graph.Nodes.Select(node => node.Operation), Is.EqualTo(
        [
            GraphOperation.Input, GraphOperation.Conv, GraphOperation.Bias, GraphOperation.RmsNorm, GraphOperation.Conv, GraphOperation.Bias,
            GraphOperation.Conv, GraphOperation.Conv, GraphOperation.Concatenation,
        ]));
        Assert.That(graph.Nodes.Count(node => node.Parameter == "0.weight"), Is.EqualTo(1), "a tied parameter is predicted once");
        Assert.That(graph.Predecessors(8).ToArray(), Is.EqualTo([6, 7]));
        Assert.That(graph.Successors(5).ToArray(), Is.EqualTo([6, 7]));
    }

    [Test]
    public void Distances_AreTheShortestWays()
    {
        ArchitectureGraph graph = Random(9, 0.3, new Random(5));
        int count = graph.Nodes.Count;
        int[,] expected = new int[count, count];
        for (int i = 0; i < count * count; i++)
        {
            expected[i / count, i % count] = graph.Edges.Contains((i / count, i % count)) ? 1 : 1000;
        }
        for (int i = 0; i < count * count * count; i++)
        {
            (int middle, int from, int to) = (i / (count * count), i / count % count, i % count);
            expected[from, to] = Math.Min(expected[from, to], expected[from, middle] + expected[middle, to]);
        }
        for (int i = 0; i < count * count; i++)
        {
            int way = expected[i / count, i % count];
            Assert.That(graph.Distance(i / count, i % count), Is.EqualTo(way >= 1000 ? 0 : way), $"{i / count} to {i % count}");
        }
    }

    [Test]
    public void Constructor_PutsNodesBehindWhatFeedsThem_AndRefusesCycles()
    {
        ArchitectureBuilder builder = new();
        int sum = builder.Add(GraphOperation.Sum, 2, 1);
        builder.Add(GraphOperation.MaxPool, 2);
        builder.Add(GraphOperation.Input);
        Assert.That(builder.Build().Nodes.Select(node => node.Operation), Is.EqualTo([GraphOperation.Input, GraphOperation.MaxPool, GraphOperation.Sum]));
        Assert.That(builder.Build().Depths(), Is.EqualTo([0, 1, 2]));
        Assert.That(builder.Build().Depths(reversed: true), Is.EqualTo([2, 1, 0]));

        ArchitectureNode[] nodes = [new(GraphOperation.Sum), new(GraphOperation.Sum)];
        Assert.That(() => new ArchitectureGraph(nodes, [(0, 1), (1, 0)]), Throws.ArgumentException.With.Message.Contains("cycle"));
        Assert.That(() => new ArchitectureGraph(nodes, [(0, 2)]), Throws.ArgumentException.With.Message.Contains("one of the 2 nodes"));
        Assert.That(() => new ArchitectureGraph([], []), Throws.ArgumentException);
        Assert.That(() => new ArchitectureBatch(), Throws.ArgumentException);
        Assert.That(sum, Is.Zero);
    }

    /// <summary>A graph whose nodes all have something before them.</summary>
    internal static ArchitectureGraph Random(int count, double density, Random random)
    {
        List<(int, int)> edges = [];
        for (int to = 1; to < count; to++)
        {
            edges.Add((random.Next(to), to));
            edges.AddRange(Enumerable.Range(0, to).Where(_ => random.NextDouble() < density).Select(from => (from, to)));
        }
        return new ArchitectureGraph([.. Enumerable.Range(0, count).Select(_ => new ArchitectureNode(GraphOperation.Other))], edges);
    }

    private sealed class Fork : TensorLayer, IArchitectureLayer
    {
        private readonly Linear _left;
        private readonly Linear _right;

        public Fork()
        {
            _left = Add("left", new Linear(4, 2, bias: false));
            _right = Add("right", new Linear(4, 2, bias: false));
        }

        public override Tensor Forward(Tensor input) => Ops.Concatenate(1, _left.Forward(input), _right.Forward(input));

        public int AddTo(ArchitectureBuilder builder, int input) =>
            builder.Add(GraphOperation.Concatenation, builder.Add(_left, input), builder.Add(_right, input));
    }
}
