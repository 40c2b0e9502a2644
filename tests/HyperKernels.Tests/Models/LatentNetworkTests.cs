using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class LatentNetworkTests
{
    private const int Rows = 4;
    private const int Inputs = 2;

    [TestCase(1, 20)]
    [TestCase(2, 32)]
    [TestCase(3, 44)]
    [TestCase(4, 56)]
    public void Layout_OfSevenRows_IsTheAuthors(int hiddenLayers, int columns) => Assert.That(new SoftMlpLayout(7, hiddenLayers).Columns, Is.EqualTo(columns));

    [TestCase(1)]
    [TestCase(2)]
    [TestCase(3)]
    public void Export_OfHardChoices_IsWhatTheSoftNetworkComputes(int hiddenLayers)
    {
        using MemoryScope scope = new();
        using LatentNetwork network = Direct(hiddenLayers, out float[] table);
        Tensor x = Ops.RandomNormal([5, Inputs], new RandomStream(3));
        using Sequential plain = network.Export();
        Assert.That(plain.Forward(x).ToArray(), Is.EqualTo(network.Forward(x).ToArray()).Within(1e-4));
        Assert.That(((NeuronActivation)plain[1]).Functions, Has.Count.EqualTo(Rows - 1), "the masked neuron is gone");
        Assert.That(((Linear)plain[0]).Weight.OwnValue.ToArray(), Has.Some.EqualTo(0).And.Some.Not.EqualTo(0), "weights below the threshold are gone");

        // Without any neuron what is left is the output's bias.
        SoftMlpLayout layout = network.Layout;
        for (int row = 0; row < Rows; row++)
        {
            table[(row * layout.Columns) + layout.Masks + hiddenLayers - 1] = -20;
        }
        network.Code.Load(table);
        using Sequential empty = network.Export();
        Assert.That(empty.Forward(x).ToArray(), Is.All.EqualTo(table[layout.BiasOf(hiddenLayers)]).Within(1e-6));
        Assert.That(network.Forward(x).ToArray(), Is.All.EqualTo(table[layout.BiasOf(hiddenLayers)]).Within(1e-4));
        using Sequential copy = plain.Copy();
        Assert.That(copy.Forward(x).ToArray(), Is.EqualTo(plain.Forward(x).ToArray()));
    }

    [Test]
    public void Training_OfCodeAndThreshold_LowersTheLoss_AndLeavesTheDecoder()
    {
        SoftMlpLayout layout = new(Rows, 1);
        using LatentNetwork network = new(new Mlp([6, 12, layout.Columns], Activation.Tanh, random: new RandomStream(1)), Inputs, 6, 1, Rows, random: new RandomStream(2));
        float[] decoder = network.Find("decoder.*").SelectMany(named => named.Parameter.OwnValue.ToArray()).ToArray();
        using Adam code = new([network.Code], 0.1f);
        using Adam threshold = new([network.Threshold], 1e-3f);
        List<float> losses = [];
        for (int step = 0; step < 60; step++)
        {
            using Tape tape = new();
            Tensor x = Ops.RandomUniform([16, Inputs], new RandomStream(3), -1, 1);
            Tensor target = Ops.Sin(Ops.MultiplyScalar(Ops.Reshape(Ops.Slice(x, 1, 0, 1), 16), 2));
            (Tensor total, Tensor error) = network.Loss(x, target, LatentNetwork.Temperature(50 * step));
            losses.Add(error.ToArray()[0]);
            tape.Backward(total);
            code.Step(tape);
            threshold.Step(tape);
            network.ClampThreshold();
        }
        Assert.That(losses[^1], Is.LessThan(0.3f * losses[0]));
        Assert.That(network.Find("decoder.*").SelectMany(named => named.Parameter.OwnValue.ToArray()), Is.EqualTo(decoder));
        Assert.That(network.Threshold.OwnValue.ToArray()[0], Is.InRange(0, 3));
    }

    [Test]
    public void Threshold_StaysInItsRange_AndMistakesAreNamed()
    {
        using MemoryScope scope = new();
        using LatentNetwork network = Direct(1, out _);
        foreach ((float set, float kept) in (ReadOnlySpan<(float, float)>)[(-0.2f, 0), (0.4f, 0.4f), (7, 3)])
        {
            network.Threshold.Load([set]);
            network.ClampThreshold();
            Assert.That(network.Threshold.OwnValue.ToArray()[0], Is.EqualTo(kept));
        }
        Assert.That(LatentNetwork.Temperature(0), Is.EqualTo(1));
        Assert.That(LatentNetwork.Temperature(1500), Is.EqualTo(0.5f));
        Assert.That(LatentNetwork.Temperature(9000), Is.EqualTo(0.01f));
        Assert.That(() => network.Forward(Tensor.Zeros([1, 3])), Throws.ArgumentException.With.Message.Contains("must be [B, 2]"));
        Assert.That(() => network.Decode(0), Throws.ArgumentException.With.Message.Contains("temperature positive"));
        Assert.That(() => new LatentNetwork(new Sequential(), 5, 9, 1, 4), Throws.ArgumentException.With.Message.Contains("5 inputs"));
        using LatentNetwork copy = network.Copy();
        Tensor x = Tensor.From([1f, -1f], [1, Inputs]);
        Assert.That(copy.Forward(x, 0.5f).ToArray(), Is.EqualTo(network.Forward(x, 0.5f).ToArray()));
    }

    // Without a decoder the code is the table: choices are clear, and the last neuron of every layer is masked.
    private static LatentNetwork Direct(int hiddenLayers, out float[] table)
    {
        SoftMlpLayout layout = new(Rows, hiddenLayers);
        LatentNetwork network = new(new Sequential(), Inputs, layout.Columns, hiddenLayers, Rows, random: new RandomStream(1));
        table = network.Code.OwnValue.ToArray();
        for (int row = 0; row < Rows; row++)
        {
            int start = row * layout.Columns;
            for (int column = 0; column < layout.Columns; column++)
            {
                // Away from the threshold of 0.5, on both sides of it.
                float value = table[start + column];
                table[start + column] = MathF.Abs(MathF.Abs(value) - 0.5f) < 0.1f ? 2 * value : value;
            }
            for (int l = 0; l < hiddenLayers; l++)
            {
                table[start + layout.Masks + l] = row == Rows - 1 ? -5 : 5;
                for (int k = 0; k < SoftMlpLayout.Activations; k++)
                {
                    table[start + layout.LogitsOf(l) + k] = k == (row + l) % SoftMlpLayout.Activations ? 1 : 0;
                }
            }
        }
        network.Code.Load(table);
        network.Threshold.Load([0.5f]);
        return network;
    }
}
