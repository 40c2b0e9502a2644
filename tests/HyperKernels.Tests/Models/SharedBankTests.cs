using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SharedBankTests
{
    private static readonly int[] s_counts = [7, 12, 5];

    [Test]
    public void RandomFold_UsesNumbersEvenly_AndWithoutCompressionIsARotation()
    {
        using BankMapping folded = BankMapping.Hashed(BankMap.RandomFold, 5, s_counts, seed: 3);
        Assert.That(folded.UseCounts(), Is.All.InRange(4, 5), "24 weights on 5 numbers");

        using MemoryScope scope = new();
        using BankMapping whole = BankMapping.Hashed(BankMap.RandomFold, 24, s_counts, seed: 3);
        float[] read = [.. whole.Gather(Tensor.From([.. Enumerable.Range(1, 24).Select(static i => (float)i)], [24])).SelectMany(static flat => flat.ToArray())];
        int start = (int)Math.Abs(read[0]) - 1;
        Assert.That(read.Select(Math.Abs), Is.EqualTo(Enumerable.Range(0, 24).Select(i => (float)(((start + i) % 24) + 1))));
        Assert.That(read.Count(static value => value < 0), Is.InRange(5, 19), "signs are by chance");
    }

    [Test]
    public void Chunk_ReadsRunsOfConsecutiveNumbers_BeginningAnewWithEachTensor()
    {
        using MemoryScope scope = new();
        using BankMapping map = BankMapping.Hashed(BankMap.Chunk, 40, s_counts, chunk: 4, seed: 5);
        Tensor bank = Tensor.From([.. Enumerable.Range(0, 40).Select(static i => (float)i)], [40]);
        foreach (float[] tensor in map.Gather(bank).Select(static flat => flat.ToArray()))
        {
            for (int i = 0; i < tensor.Length; i++)
            {
                Assert.That(Math.Abs(tensor[i]), Is.EqualTo(Math.Abs(tensor[i / 4 * 4]) + (i % 4)));
            }
        }
    }

    [Test]
    public void Independent_SpreadsItsReadersOverTheBank_WithSignsThatDoNotFollowPlaces()
    {
        using MemoryScope scope = new();
        using BankMapping map = BankMapping.Hashed(BankMap.Independent, 10, [20_000], seed: 1);
        Assert.That(map.UseCounts(), Is.All.InRange(1_800, 2_200));
        float[] read = map.Gather(Tensor.Ones([10]))[0].ToArray();
        Assert.That(read.Average(), Is.EqualTo(0).Within(0.03));
        float[] first = map.Gather(Tensor.From([1f, 0, 0, 0, 0, 0, 0, 0, 0, 0], [10]))[0].ToArray();
        Assert.That(first.Where(static value => value != 0).Average(), Is.EqualTo(0).Within(0.1), "of the readers of one number half have either sign");
    }

    [Test]
    public void Gradient_IsTheSumOverReaders_DividedAsAsked([Values] BankGradient kind)
    {
        float[] Gradient(SharedBankOptions options, out SharedBankNetwork network)
        {
            network = new SharedBankNetwork(new Mlp([3, 4, 2], Activation.Tanh), bank: 6, options, random: new RandomStream(2));
            using Tape tape = new();
            tape.Backward(Ops.Sum(network.Forward(Ops.RandomNormal([5, 3], new RandomStream(4)))));
            return tape.TryGetGradient(network.Emission.Bank.Value, out Tensor gradient) ? gradient.ToArray() : [];
        }

        SharedBankOptions options = new() { Map = BankMap.Independent, Gradient = kind, Seed = 9 };
        float[] plain = Gradient(options with { Gradient = BankGradient.None }, out SharedBankNetwork other);
        float[] scaled = Gradient(options, out SharedBankNetwork network);
        using BankMapping map = BankMapping.Hashed(BankMap.Independent, 6, [12, 8], seed: 9);
        float[] factors = map.GradientFactors(kind, network.Emission.Scales);
        Assert.That(scaled, Is.EqualTo(plain.Zip(factors, static (g, factor) => g * factor)).Within(1e-4f));
        Assert.That(network.Emission.Scales, Is.EqualTo(new[] { 20 / MathF.Sqrt(3), 10f }).Within(1e-4f));
        if (kind == BankGradient.SumOfSquares)
        {
            int[] uses = map.UseCounts();
            Assert.That(factors, Is.All.InRange(1 / (133.4f * uses.Max()), 0.01f));
        }
        network.Dispose();
        other.Dispose();
    }

    [TestCase(BankMap.Independent, BankScale.FanIn)]
    [TestCase(BankMap.Chunk, BankScale.Deviation)]
    [TestCase(BankMap.RandomFold, BankScale.FanIn)]
    public void Network_IsStoredAsItsBankAndBiases(BankMap map, BankScale scale)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        SharedBankOptions options = new() { Map = map, Scale = scale, Chunk = 4, Seed = 7, Gradient = BankGradient.Mean };
        using SharedBankNetwork network = new(new Mlp([6, 8, 3], Activation.Relu, random: new RandomStream(1)), bank: 9, options, random: new RandomStream(2));
        network.Save(folder.File("net.safetensors"));
        using SharedBankNetwork again = Layer.Load<SharedBankNetwork>(folder.File("net.safetensors"));
        Tensor x = Ops.RandomNormal([4, 6], new RandomStream(3));
        float[] expected = network.Forward(x).ToArray();
        using TensorLayer written = again.Network.Materialize();
        Assert.That(network.Count, Is.EqualTo(9 + 8 + 3));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(expected));
        Assert.That(written.Forward(x).ToArray(), Is.EqualTo(expected).Within(1e-6f));
        float largest = network.Emission.Scales[0] * 0.05f;
        Assert.That(network.Network.Generate().ToArray().Take(48).Select(Math.Abs), Is.All.LessThanOrEqualTo(largest));
    }

    [Test]
    public void Mistakes_AreNamed() => Assert.Multiple(() =>
    {
        Assert.That(
            () => BankMapping.Hashed(BankMap.Chunk, 4, [8], chunk: 5), Throws.ArgumentException.With.Message.StartsWith("BankMapping: the bank must have a number at least"));
        Assert.That(() => new BankMapping(2, [[0, 2]], [[true, false]]), Throws.ArgumentException.With.Message.StartsWith("BankMapping: indices must be from 0 to 1."));
        Assert.That(() => new BankMapping(2, [[0]], [[true, false]]), Throws.ArgumentException.With.Message.StartsWith("BankMapping: every index needs a sign"));
        Assert.That(
            () => new SharedBankNetwork(new Mlp([2, 2]), 3, new SharedBankOptions { FirstValues = 0 }),
            Throws.ArgumentException.With.Message.StartsWith("SharedBankEmission: the bank's first values must be positive; got 0."));
    });
}
