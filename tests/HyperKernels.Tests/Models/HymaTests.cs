using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class HymaTests
{
    private const int Pairs = 5;

    [Test]
    public void Generate_IsTheFormula_LayerByLayer()
    {
        using MemoryScope scope = new();
        using HyperNetwork hyma = Make();
        LayerCodeEmission emission = (LayerCodeEmission)hyma.Emission;
        Tensor pairs = Tensor.From([3, 1], [2]);
        float[] actual = hyma.Generate(pairs).ToArray();
        Dictionary<string, Tensor> state = hyma.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter.Value);
        Tensor codes = Ops.GatherRows(state.Single(pair => pair.Key.StartsWith("conditioning", StringComparison.Ordinal)).Value, pairs);
        List<Tensor> expected = [];
        for (int entry = 0; entry < emission.Manifest.Entries.Count; entry++)
        {
            // Two tensors, a matrix and a bias, for each of the two layers.
            Tensor code = Ops.BroadcastTo(Ops.Slice(emission.Codes.Value, 0, entry / 2, 1), new Shape(2, 3));
            Tensor hidden = Ops.Concatenate(1, codes, code);
            for (int layer = 0; state.ContainsKey($"generator.hidden{layer}.weight"); layer++)
            {
                hidden = Ops.Relu(Ops.Matmul(hidden, state[$"generator.hidden{layer}.weight"], transposeB: true) + state[$"generator.hidden{layer}.bias"]);
            }
            expected.Add(Ops.Matmul(hidden, state[$"emission.head{entry}.weight"], transposeB: true) + state[$"emission.head{entry}.bias"]);
        }
        Assert.That(actual, Is.EqualTo(Ops.Concatenate(1, [.. expected]).ToArray()).Within(1e-5f));
    }

    [Test]
    public void Forward_OfABatchOfPairs_IsEachPairByItself()
    {
        using MemoryScope scope = new();
        using HyperNetwork hyma = Make();
        Tensor x = Ops.RandomNormal([3, 4], new RandomStream(2));
        Tensor together = hyma.Forward(x, Tensor.From([4, 0, 2], [3]));
        for (int i = 0; i < 3; i++)
        {
            float[] alone = hyma.Forward(Ops.Slice(x, 0, i, 1), Tensor.From([new[] { 4, 0, 2 }[i]], [1])).ToArray();
            Assert.That(Ops.Slice(together, 0, i, 1).ToArray(), Is.EqualTo(alone).Within(1e-5f));
        }
    }

    [Test]
    public void Training_OnMiniBatchesOfPairs_FitsEveryPairsConnector()
    {
        using MemoryScope outer = new();
        using HyperNetwork hyma = Make();
        Tensor maps = Ops.RandomNormal([Pairs, 2, 4], new RandomStream(7));
        using Adam adam = new(hyma.Parameters, learningRate: 1e-2f);
        RandomStream random = new(8);
        float first = 0;
        float last = 0;
        for (int step = 0; step < 200; step++)
        {
            using Tape tape = new();
            Tensor pairs = Tensor.From([step % Pairs, (step + 2) % Pairs], [2]);
            Tensor x = Ops.RandomNormal([8, 4], random);
            // Four samples of each of the two pairs.
            Tensor wanted = Ops.Reshape(Ops.Matmul(Ops.Reshape(x, 2, 4, 4), Ops.GatherRows(maps, pairs), transposeB: true), 8, 2);
            Tensor loss = Ops.MeanSquaredError(hyma.Forward(x, pairs), wanted);
            tape.Backward(loss);
            adam.Step(tape);
            first = step == 0 ? loss.ToScalar() : first;
            last = loss.ToScalar();
        }
        Assert.That(last, Is.LessThan(0.5f * first));
    }

    [Test]
    public void Save_BringsBackTheSameConnectors()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperNetwork hyma = Make();
        hyma.Save(folder.File("hyma.safetensors"));
        using HyperNetwork again = HyperNetwork.Load(folder.File("hyma.safetensors"));
        Tensor pairs = Tensor.From([0, 1, 4], [3]);
        Assert.That(again.Generate(pairs).ToArray(), Is.EqualTo(hyma.Generate(pairs).ToArray()));
    }

    private static HyperNetwork Make()
    {
        RandomStream random = new(1);
        return Hyma.For(new Mlp([4, 6, 2], random: random), Pairs, pairCode: 5, layerCode: 3, hidden: [16, 16], random: random);
    }
}
