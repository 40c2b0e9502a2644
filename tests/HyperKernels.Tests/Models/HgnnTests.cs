using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HgnnTests
{
    [Test]
    public void Forward_IsTheTwoConvolutionsOfItsParts()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(5, [[0, 1, 2], [2, 3], [3, 4]]);
        using Hgnn network = new(3, 6, 2, random: new RandomStream(1));
        (HypergraphConv first, HypergraphConv second) = ((HypergraphConv)network.Children[0].Layer, (HypergraphConv)network.Children[1].Layer);
        Tensor x = Ops.RandomNormal([5, 3], new RandomStream(2));
        network.Eval();

        Assert.That(network.Forward(x, graph).ToArray(), Is.EqualTo(second.Forward(Ops.Relu(first.Forward(x, graph)), graph).ToArray()));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(5, [[0, 1, 2], [2, 3], [3, 4]]);
        using Hgnn network = new(3, 6, 2, dropout: 0.25f, bias: false, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([5, 3], new RandomStream(2));
        network.Eval();
        network.Save(folder.File("hgnn.safetensors"));

        using Hgnn again = Layer.Load<Hgnn>(folder.File("hgnn.safetensors"));

        Assert.That(again.ToString(), Is.EqualTo(network.ToString()), "settings, dropout too");
        Assert.That(again.Forward(x, graph).ToArray(), Is.EqualTo(network.Forward(x, graph).ToArray()));
    }

    [Test]
    public void Hidden_InTraining_DropsHalfAndScalesTheRest()
    {
        using MemoryScope scope = new();
        using Hypergraph graph = Hypergraph.FromEdges(4, [[0, 1], [2, 3]]);
        using Hgnn network = new(3, 500, 2, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([4, 3], new RandomStream(2));
        float[] trained = network.Hidden(x, graph).ToArray();
        network.Eval();
        float[] whole = network.Hidden(x, graph).ToArray();

        int positive = whole.Count(value => value > 0);
        int kept = trained.Count(value => value > 0);
        Assert.That((double)kept / positive, Is.EqualTo(0.5).Within(0.08));
        Assert.That(trained.Zip(whole).Where(pair => pair.First > 0), Has.All.Matches<(float Trained, float Whole)>(pair => pair.Trained == 2 * pair.Whole));
    }
}
