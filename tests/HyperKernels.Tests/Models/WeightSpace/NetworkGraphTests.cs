using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models.WeightSpace;

public sealed class NetworkGraphTests
{
    private static readonly Func<RandomStream, Layer>[] s_networks =
    [
        random => new Mlp([3, 4, 5, 2], random: random),
        random => new Sequential(
            new Conv2d(1, 4, 3, padding: 1, random: random), new BatchNorm(4), new Relu(), new Conv2d(4, 4, 3, padding: 1, groups: 2, bias: false, random: random),
            new GroupNorm(2, 4), new MaxPool2d(2), new Conv2d(4, 3, 1, random: random), new Flatten(), new Linear(12, 5, random: random)),
        random => new Sequential(
            new Linear(3, 4, random: random), new Residual(new Sequential(new LayerNorm(4), new Linear(4, 6, random: random), new Relu(), new Linear(6, 4, random: random))),
            new Residual(new Sequential(new RmsNorm(4), new Linear(4, 4, bias: false, random: random))), new LayerNorm(4), new Linear(4, 2, random: random)),
        random => new LstmCell(3, 4, random: random),
        random => new Shortcut(random),
        random => new Sequential(new Conv1d(2, 3, 4, random: random), new BatchNorm(3, affine: false), new Conv1d(3, 2, 2, random: random)),
    ];

    [Test]
    public void Write_AfterRead_GivesEveryNumberBack([Range(0, 5)] int network, [Values] NetworkGraphForm form)
    {
        using MemoryScope scope = new();
        using Layer layer = s_networks[network](new RandomStream(1));
        Scramble(layer, new RandomStream(2));
        NetworkGraph graph = NetworkGraph.Of(layer, form);
        // Two networks at once: the layer's own numbers, and their negatives.
        Dictionary<string, Tensor> values = layer.NamedParameters().ToDictionary(named => named.Name, named => Ops.Stack(0, named.Parameter.Value, -named.Parameter.Value));
        foreach ((string name, BatchNorm norm) in layer.Find<BatchNorm>())
        {
            values.Add(name + ".running_mean", norm.RunningMean);
            values.Add(name + ".running_var", norm.RunningVariance);
        }

        IReadOnlyDictionary<string, Weight> one = graph.Write(graph.Read(layer)).Weights;
        IReadOnlyDictionary<string, Weight> two = graph.Write(graph.Read(values)).Weights;

        Assert.That(one.Keys, Is.EqualTo(layer.NamedParameters().Select(named => named.Name)));
        foreach ((string name, Parameter parameter) in layer.NamedParameters())
        {
            Assert.That(one[name].Materialize().ToArray(), Is.EqualTo(parameter.Value.ToArray()), name);
            Assert.That(two[name].Materialize().ToArray(), Is.EqualTo(values[name].ToArray()), name);
        }
    }

    // Sizes of small graphs that the Forecasting Model Search authors count in their code's tests.
    [Test]
    public void Of_AsValues_HasTheNodesAndEdgesThatTheAuthorsCount()
    {
        using Sequential normed = [new Linear(2, 3, bias: false), new Relu(), new LayerNorm(3), new Linear(3, 1)];
        using Sequential convolved = [new Conv1d(1, 3, 2, bias: false), new Relu(), new BatchNorm(3), new Flatten(), new Linear(3, 2)];
        NetworkGraph first = NetworkGraph.Of(normed, NetworkGraphForm.Values);
        NetworkGraph second = NetworkGraph.Of(convolved, NetworkGraphForm.Values);

        Assert.That((first.Nodes.Count, first.Edges.Count), Is.EqualTo((9, 16)));
        Assert.That((second.Nodes.Count, second.Edges.Count), Is.EqualTo((9, 20)));
        Assert.That(first.Nodes.Count(node => node.Index >= 0), Is.EqualTo(3), "inputs and outputs alone have a place");
        Assert.That(second.Edges.Where(edge => edge.Kind == NetworkEdgeKind.ConvWeight).Select(edge => edge.X), Is.EqualTo([0, 1, 0, 1, 0, 1]));
    }

    [Test]
    public void Of_AsChannels_EndsAShortcutWithWeightsAtTheNodesItIsAddedTo()
    {
        using MemoryScope scope = new();
        using Shortcut layer = new(new RandomStream(1));
        Scramble(layer, new RandomStream(2));
        NetworkGraph graph = NetworkGraph.Of(layer);

        // Two inputs, three hidden, three outputs; 1x1 kernels in the middle of 3x3.
        Assert.That((graph.Nodes.Count, graph.Edges.Count, graph.NodeFeatures, graph.EdgeFeatures), Is.EqualTo((8, 6 + 9 + 6, 8, 9)));
        float[] last = Ops.Slice(graph.Read(layer).Nodes, 0, 5, 1).ToArray();
        float[] Of(BatchNorm norm) => [.. new[] { norm.Weight!.Value, norm.Bias!.Value, norm.RunningMean, norm.RunningVariance }.Select(tensor => tensor.ToArray()[0])];
        Assert.That(last, Is.EqualTo([.. Of(layer.MainNorm), .. Of(layer.SideNorm)]));
    }

    [Test]
    public void Exchange_OfHiddenUnits_ExchangesNodesAndIsNotSeenByAReader()
    {
        using MemoryScope scope = new();
        using Sequential own = Classifier();
        using Sequential other = Classifier();
        int[] order = [2, 0, 3, 1];
        Exchange(own, other, order);

        NetworkGraph graph = NetworkGraph.Of(own, NetworkGraphForm.Values);
        using NetworkGraphBatch batch = new([graph, graph]);
        using NetworkReader reader = new(3, 6, 2, new RandomStream(5));
        float[] seen = reader.Forward(Ops.Concatenate(0, graph.Read(own).Edges, graph.Read(other).Edges), batch).ToArray();
        (float[] ofOwn, float[] ofOther) = (seen[..3], seen[3..]);
        Assert.That(ofOther, Is.EqualTo(ofOwn).Within(1e-6));
        Assert.That(graph.Read(own).Edges.ToArray(), Is.Not.EqualTo(graph.Read(other).Edges.ToArray()));

        // A rewriter changes the exchanged network as it changes the network itself.
        NetworkGraph channels = NetworkGraph.Of(own);
        using NetworkGraphBatch single = NetworkGraphBatch.Of(channels);
        using NetworkRewriter rewriter = new(channels.NodeFeatures, channels.EdgeFeatures, 6, 2, 0.5f, 0.5f, random: new RandomStream(6));
        PredictedParameters changed = rewriter.Rewrite(own, channels, single);
        rewriter.Rewrite(other, channels, single).CopyInto(other);
        using Sequential expected = Classifier();
        changed.CopyInto(own);
        Exchange(own, expected, order);
        foreach ((NamedParameter left, NamedParameter right) in expected.NamedParameters().Zip(other.NamedParameters()))
        {
            Assert.That(right.Parameter.Value.ToArray(), Is.EqualTo(left.Parameter.Value.ToArray()).Within(1e-5), left.Name);
        }
    }

    [Test]
    public void Use_OfSeveralSets_GivesEverySampleItsOwn()
    {
        using MemoryScope scope = new();
        using Mlp network = new([3, 4, 2], random: new RandomStream(1));
        NetworkGraph graph = NetworkGraph.Of(network);
        Dictionary<string, Tensor> values = network.NamedParameters().ToDictionary(named => named.Name, named => Ops.Stack(0, named.Parameter.Value, 2 * named.Parameter.Value));
        PredictedParameters sets = graph.Write(graph.Read(values));
        Tensor x = Ops.RandomNormal([2, 3], new RandomStream(2));

        float[] both = sets.Forward(network, x).ToArray();

        Assert.That(both[..2], Is.EqualTo(network.Forward(Ops.Slice(x, 0, 0, 1)).ToArray()).Within(1e-6));
        Assert.That(() => sets.CopyInto(network), Throws.ArgumentException.With.Message.Contains("one set"));
    }

    [Test]
    public void Of_WhatHasNoPlace_SaysSo()
    {
        using Linear shared = new(3, 3);
        using Sequential tied = [shared, shared];
        using Embedding table = new(4, 3);
        using Sequential misfit = [new Conv2d(1, 4, 3), new Conv2d(3, 2, 3)];
        Assert.That(() => NetworkGraph.Of(tied), Throws.ArgumentException.With.Message.Contains("parameters of its own"));
        Assert.That(() => NetworkGraph.Of(table), Throws.ArgumentException.With.Message.Contains("Table"));
        Assert.That(() => NetworkGraph.Of(misfit), Throws.ArgumentException.With.Message.Contains("4 channels"));
    }

    private static Sequential Classifier() =>
        [new Conv2d(1, 4, 3, random: new RandomStream(1)), new BatchNorm(4), new Relu(), new Flatten(), new Linear(16, 2, random: new RandomStream(2))];

    private static void Exchange(Sequential from, Sequential to, int[] order)
    {
        int[] shapes = [9, 1, 1, 1];
        foreach ((NamedParameter source, NamedParameter target) in from.NamedParameters().Zip(to.NamedParameters()))
        {
            float[] values = source.Parameter.Value.ToArray();
            float[] moved = [.. values];
            // The classifier reads four pixels of each channel.
            (int rows, int size) = source.Name == "4.weight" ? (2, 4) : source.Name == "4.bias" ? (0, 0) : (1, values.Length / 4);
            for (int row = 0; row < rows; row++)
            {
                for (int channel = 0; channel < 4; channel++)
                {
                    values.AsSpan((((row * 4) + order[channel]) * size), size).CopyTo(moved.AsSpan(((row * 4) + channel) * size));
                }
            }
            target.Parameter.Load(moved);
        }
    }

    private static void Scramble(Layer layer, RandomStream random)
    {
        foreach (NamedParameter named in layer.NamedParameters())
        {
            named.Parameter.Load(Ops.RandomNormal(named.Parameter.Shape, random).ToArray());
        }
        foreach ((_, BatchNorm norm) in layer.Find<BatchNorm>())
        {
            norm.RunningMean.CopyFrom(Ops.RandomNormal([norm.Channels], random).ToArray());
            norm.RunningVariance.CopyFrom(Ops.RandomUniform([norm.Channels], random, 0.5f, 2).ToArray());
        }
    }

    /// <summary>A block of a residual network that changes the number of channels.</summary>
    private sealed class Shortcut : Layer, IArchitectureLayer
    {
        private readonly Conv2d _first;
        private readonly Conv2d _second;
        private readonly Conv2d _side;

        public Shortcut(RandomStream random)
        {
            _first = Add("first", new Conv2d(2, 3, 3, padding: 1, bias: false, random: random));
            _second = Add("second", new Conv2d(3, 3, 3, padding: 1, bias: false, random: random));
            MainNorm = Add("norm", new BatchNorm(3));
            _side = Add("side", new Conv2d(2, 3, 1, bias: false, random: random));
            SideNorm = Add("side_norm", new BatchNorm(3));
        }

        public BatchNorm MainNorm { get; }

        public BatchNorm SideNorm { get; }

        public int AddTo(ArchitectureBuilder builder, int input)
        {
            int side = builder.Add(SideNorm, builder.Add(_side, input));
            return builder.Add(GraphOperation.Sum, side, builder.Add(MainNorm, builder.Add(_second, builder.Add(_first, input))));
        }
    }
}
