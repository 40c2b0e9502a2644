using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

/// <summary>Generated functions of coordinates, predictors and transport maps: what the reference cases do not show.</summary>
public sealed class FunctionTests
{
    [Test]
    public void Siren_FirstValues_KeepTheSinesArgumentsStandardNormal()
    {
        using MemoryScope scope = new();
        using Siren function = new([256, 256, 256, 1], random: new RandomStream(1));
        Tensor h = Ops.RandomUniform([200, 256], new RandomStream(2), -1, 1);
        h = function.Layers[0].Forward(h, Activation.Sine(30));
        float[] arguments = Ops.MultiplyScalar(Ops.Linear(h, function.Layers[1].Weight), 30).ToArray();
        Assert.That(Math.Sqrt(arguments.Average(a => (double)a * a)), Is.EqualTo(1).Within(0.1));
    }

    [Test]
    public void FunctionHyperNetwork_StartsAsItsFunction_AndEverySignalIsItsOwn()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Siren function = new([2, 8, 3], random: new RandomStream(1));
        using HyperNetwork network = FunctionHyperNetwork.For(function, latent: 4, hidden: [9], new RandomStream(2));
        Tensor coordinates = Ops.RandomUniform([5, 2], new RandomStream(3), -1, 1);
        Tensor latent = Ops.RandomNormal([3, 4], new RandomStream(4));
        Tensor together = FunctionHyperNetwork.Evaluate(network, coordinates, latent);
        network.Save(folder.File("network.safetensors"));
        using HyperNetwork again = HyperNetwork.Load(folder.File("network.safetensors"));

        float[] alone = [.. Enumerable.Range(0, 3).SelectMany(b => FunctionHyperNetwork.Evaluate(network, coordinates, Ops.Slice(latent, 0, b, 1)).ToArray())];
        Assert.Multiple(() =>
        {
            Assert.That(together.Shape, Is.EqualTo(new Shape(3, 5, 3)));
            Assert.That(together.ToArray(), Is.EqualTo(alone).Within(1e-4f));
            Assert.That(again.Forward(Ops.BroadcastTo(Ops.Reshape(coordinates, 1, 5, 2), [3, 5, 2]), latent).ToArray(), Is.EqualTo(together.ToArray()));
            Assert.That(
                FunctionHyperNetwork.Evaluate(network, coordinates, Tensor.Zeros([1, 4])).ToArray(),
                Is.EqualTo(function.Forward(coordinates).ToArray()).Within(1e-5f), "a latent of zeros changes nothing");
        });
    }

    [Test]
    public void SiePredictor_WithoutTransformation_IsOneMapForAll([Values] bool isDeep)
    {
        using MemoryScope scope = new();
        using HyperNetwork network = SiePredictor.Create(5, 3, hidden: [4], isDeep, bias: true, activation: Activation.Relu, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, 5], new RandomStream(2));
        Tensor twice = Ops.Concatenate(0, x, x);
        float[] same = network.Forward(twice, Ops.BroadcastTo(Tensor.From([0.3f, -1, 2], [1, 3]), [4, 3])).ToArray();
        float[] different = network.Forward(twice, Ops.RandomNormal([4, 3], new RandomStream(3))).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(same.Take(10), Is.EqualTo(same.Skip(10)).Within(1e-6f));
            Assert.That(different.Take(10), Is.Not.EqualTo(different.Skip(10)).Within(1e-3f));
        });
    }

    [Test]
    public void TransportMap_Load_AfterSave_MovesAlike()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using TransportMap layer = new(new TransportCondition(3, 2, 2, new RandomStream(1)), features: 2, noise: 1, hidden: 5, hyperHidden: 6, new RandomStream(2));
        (Tensor x, Tensor noise) = (Ops.RandomNormal([4, 2], new RandomStream(3)), Ops.RandomNormal([4, 1], new RandomStream(4)));
        (Tensor kinds, Tensor numbers) = (Tensor.From([0, 2, 1, 2], [4]), Ops.RandomUniform([4, 1], new RandomStream(5)));
        layer.Save(folder.File("map.safetensors"));
        using TransportMap again = Layer.Load<TransportMap>(folder.File("map.safetensors"));
        Assert.Multiple(() =>
        {
            Assert.That(again.Forward(x, noise, kinds, numbers).ToArray(), Is.EqualTo(layer.Forward(x, noise, kinds, numbers).ToArray()));
            Assert.That(again.Judge(x, kinds, numbers).ToArray(), Is.EqualTo(layer.Judge(x, kinds, numbers).ToArray()));
            Assert.That(layer.Parameters, Is.Unique, "map and critic share the conditions' embedding");
        });
    }

    [Test]
    public void TransportMap_StepsInTurn_MoveADistributionOntoAnother()
    {
        RandomStream random = new(1);
        using TransportMap layer = new(new TransportCondition(2, 2, 0, random), features: 1, noise: 0, hidden: 16, hyperHidden: 16, random);
        using Adam ofMap = new(layer.Map.Parameters, learningRate: 3e-3f);
        using Adam ofCritic = new(layer.Critic.Parameters, learningRate: 3e-3f);
        const int Batch = 64;
        Tensor kinds = Tensor.From([.. Enumerable.Range(0, Batch).Select(i => i % 2)], [Batch]);
        Tensor numbers = Tensor.Zeros([Batch, 1]);
        // Kind 0 is moved by two to the right, kind 1 by two to the left.
        Tensor shift = Tensor.From([.. Enumerable.Range(0, Batch).Select(i => i % 2 == 0 ? 2f : -2f)], [Batch, 1]);
        for (int step = 0; step < 1500; step++)
        {
            using Tape tape = new();
            Tensor x = Ops.RandomNormal([Batch, 1], random);
            Tensor moved = layer.Forward(x, x, kinds, numbers);
            bool isCritic = step % 5 == 0;
            Tensor y = Ops.Add(Ops.RandomNormal([Batch, 1], random), shift);
            Tensor objective = TransportMap.Objective(x, moved, layer.Judge(moved, kinds, numbers), layer.Judge(y, kinds, numbers));
            tape.Backward(isCritic ? Ops.Neg(objective) : objective);
            (isCritic ? ofCritic : ofMap).Step(tape);
        }
        using MemoryScope scope = new();
        Tensor from = Ops.RandomNormal([Batch, 1], random);
        float[] by = Ops.Subtract(layer.Forward(from, from, kinds, numbers), from).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(by.Where((_, i) => i % 2 == 0).Average(), Is.EqualTo(2).Within(0.6));
            Assert.That(by.Where((_, i) => i % 2 == 1).Average(), Is.EqualTo(-2).Within(0.6));
        });
    }

    [Test]
    public void TokenFunction_Load_AfterSave_GivesTheSame_AndWrongTokensAreRefused()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using TokenFunction layer = new(2, [6, 4], 3, groups: [3, 2, 1], token: 5, frequencies: 2, new RandomStream(1));
        Tensor[] tokens = [.. new[] { 3, 2, 1 }.Select(groups => Ops.RandomNormal([2, groups, 5], new RandomStream((ulong)groups)))];
        Tensor coordinates = Ops.RandomUniform([7, 2], new RandomStream(3));
        layer.Save(folder.File("function.safetensors"));
        using TokenFunction again = Layer.Load<TokenFunction>(folder.File("function.safetensors"));
        Assert.Multiple(() =>
        {
            Assert.That(again.Forward(coordinates, tokens).ToArray(), Is.EqualTo(layer.Forward(coordinates, tokens).ToArray()));
            Assert.That(
                () => layer.Forward(coordinates, tokens[1], tokens[1], tokens[2]),
                Throws.ArgumentException.With.Message.StartsWith("TokenFunction: the tokens of layer 0 must be [batch, 3, 5]; got [2, 2, 5]."));
            Assert.That(
                () => new TokenFunction(2, [6], 3, groups: [4, 1], token: 5, frequencies: 2),
                Throws.ArgumentException.With.Message.StartsWith("TokenFunction: each of the 2 layers needs a number of tokens that divides its outputs [6, 3]; got [4, 1]"));
        });
    }
}
