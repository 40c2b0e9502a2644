using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class GraphHyperNetworkTests
{
    private static readonly GraphHyperNetworkOptions s_small = new() { Features = 8, Classes = 3, MaxChannels = 8, MaxKernel = 5 };

    private static readonly Dictionary<string, GraphHyperNetworkOptions> s_kinds = new()
    {
        ["ghn-1"] = s_small with { VirtualEdges = false, LayerNorm = false, Normalise = false },
        ["ghn-2"] = s_small,
        ["ghn-3"] = s_small with { Encoder = GraphEncoderKind.Graphormer, Heads = 2, Layers = 2, Window = KernelWindow.Centre, SmallStart = true },
        ["logah"] = s_small with { Encoder = GraphEncoderKind.Graphormer, Heads = 2, Layers = 2, LowRank = true, Rank = 4, SmallStart = true },
        ["logah-vectors"] = s_small with { LowRank = true, Rank = 4, LowRankVectors = true },
        ["mlp"] = s_small with { Encoder = GraphEncoderKind.None },
    };

    private static IEnumerable<string> Kinds => s_kinds.Keys;

    [TestCaseSource(nameof(Kinds))]
    public void Predict_GivesAllParametersOfAnyTree_AndTheyTrainTheHypernetwork(string kind)
    {
        using MemoryScope scope = new();
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(s_kinds[kind], new RandomStream(1));
        using Sequential network = Network(12);
        Tensor x = Ops.RandomNormal([6, 2, 6, 6], new RandomStream(2));
        Tensor labels = Tensor.From([0, 1, 2, 0, 1, 2], [6]);
        using Adam adam = new(hyper.Parameters, 3e-3f);
        HashSet<Parameter> reached = [];
        double first = 0;
        double last = 0;
        for (int step = 0; step < 30; step++)
        {
            using Tape tape = new();
            PredictedParameters predicted = hyper.Predict(network);
            Assert.That(predicted.Weights.Keys, Is.EquivalentTo(network.NamedParameters().Select(named => named.Name)));
            Tensor loss = Ops.CrossEntropy(predicted.Forward(network, x), labels);
            tape.Backward(loss);
            reached.UnionWith(hyper.Parameters.Where(parameter => tape.TryGetGradient(parameter.Value, out _)));
            adam.Step(tape);
            last = loss.ToScalar();
            first = step == 0 ? last : first;
        }
        Assert.That(last, Is.LessThan(0.8 * first));
        Assert.That(hyper.Parameters, Is.EquivalentTo(reached));
    }

    [TestCaseSource(nameof(Kinds))]
    public void Predict_OfSeveral_IsThatOfEach_AlsoAfterSaving(string kind)
    {
        using MemoryScope scope = new();
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(s_kinds[kind], new RandomStream(1));
        using Sequential one = Network(4);
        using Sequential other = Network(12);
        hyper.Save(folder.File("ghn.safetensors"));
        using GraphHyperNetwork again = Layer.Load<GraphHyperNetwork>(folder.File("ghn.safetensors"));

        IReadOnlyList<PredictedParameters> both = again.Predict(new ArchitectureBatch(ArchitectureGraph.Of(one), ArchitectureGraph.Of(other)));

        foreach ((Sequential network, PredictedParameters predicted) in new[] { (one, both[0]), (other, both[1]) })
        {
            PredictedParameters alone = hyper.Predict(network);
            foreach ((string name, Parameter parameter) in network.NamedParameters())
            {
                Assert.That(predicted.Weights[name].Shape, Is.EqualTo(parameter.Shape), name);
                Assert.That(predicted.Weights[name].Materialize().ToArray(), Is.EqualTo(alone.Weights[name].Materialize().ToArray()).Within(1e-5f), name);
            }
        }
    }

    [Test]
    public void PredictInto_SetsTheNetworksOwnValues()
    {
        using MemoryScope scope = new();
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(s_kinds["logah"], new RandomStream(1));
        using Sequential network = Network(4);
        Tensor x = Ops.RandomNormal([6, 2, 6, 6], new RandomStream(2));
        float[] expected = hyper.Predict(network).Forward(network, x).ToArray();
        Assert.That(network.Forward(x).ToArray(), Is.Not.EqualTo(expected).Within(1e-3f));

        hyper.PredictInto(network);

        Assert.That(network.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-5f));
        using Sequential other = Network(5);
        Assert.That(() => hyper.Predict(network).CopyInto(other), Throws.ArgumentException.With.Message.Contains("\"0.weight\" [4, 2, 3, 3]; it has [5, 2, 3, 3]"));
    }

    [Test]
    public void Predict_FreshGhn2_GivesGainsNearOneAndWeightsOfTheFanIn()
    {
        using MemoryScope scope = new();
        using GraphHyperNetwork hyper = GraphHyperNetwork.Create(new GraphHyperNetworkOptions { MaxChannels = 16, MaxKernel = 5 }, new RandomStream(1));
        using Sequential network = Network(16);
        PredictedParameters predicted = hyper.Predict(network);
        Assert.That(predicted.Weights["1.weight"].Materialize().ToArray(), Has.All.InRange(0.5f, 1.5f));
        Assert.That(predicted.Weights["1.bias"].Materialize().ToArray(), Has.All.InRange(-0.3f, 0.3f));

        // The same node asked for twice the inputs: tiled, and smaller by the root of two.
        WantedTensor narrow = new(0, WantedKind.Weight, [8, 16, 3, 3], GraphOperation.Conv);
        WantedTensor wide = narrow with { Shape = [8, 32, 3, 3] };
        Weight[] weights = new Weight[2];
        hyper.Decoder.Decode(Ops.RandomNormal([1, 32], new RandomStream(2)), [narrow, wide], normalise: true, weights);
        Tensor repeated = Ops.Tile(weights[0].Materialize(), 1, 2, 1, 1) / MathF.Sqrt(2);
        Assert.That(weights[1].Materialize().ToArray(), Is.EqualTo(repeated.ToArray()).Within(1e-6f));
    }

    [Test]
    public void Create_RefusesPartsThatDoNotMeet()
    {
        Assert.That(
            () => new GraphHyperNetwork(new ShapeEmbedding(8, 3), new GatedGraphNetwork(12), new LowRankGraphDecoder(new LowRankDecoder(8))),
            Throws.ArgumentException.With.Message.Contains("8, 12 and 8"));
        Assert.That(() => GraphHyperNetwork.Create(s_small with { Features = 10 }), Throws.ArgumentException.With.Message.Contains("multiple of 4"));
    }

    private static Sequential Network(int channels) => new(
        new Conv2d(2, channels, 3), new BatchNorm(channels), new Relu(),
        new Residual(new Sequential(new Conv2d(channels, channels, 1), new GroupNorm(1, channels), new Relu())),
        new AdaptiveAveragePool2d(2), new Flatten(), new Linear(4 * channels, 6), new LayerNorm(6), new Relu(), new Linear(6, 3));
}
