using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ConditionalAdapterTests
{
    private const int Batch = 2;
    private const int Tokens = 7;
    private const int Features = 4;
    private const int Active = 3;

    [Test]
    public void Forward_TheBlock_SeesThePickedTokensAlone_AndOthersGetTheAdapterAlone([Values] bool straightThrough)
    {
        using MemoryScope scope = new();
        Witness heavy = new();
        using ConditionalAdapter layer = Layer(heavy, straightThrough);
        Initializer.Normal().Apply(layer.Up.Weight);
        Tensor x = Ops.RandomNormal([Batch, Tokens, Features], new RandomStream(1));

        float[][] y = [.. layer.Forward(x).ToArray().Chunk(Features)];

        TokenSelection selection = layer.Router.Forward(x, Active);
        int[] rows = selection.Rows.ToIntArray();
        float[] factors = selection.Factors.ToArray();
        float[][] picked = [.. x.ToArray().Chunk(Features)];
        float[][] light = [.. Ops.Add(x, layer.Up.Forward(layer.Down.Forward(x, Activation.Relu))).ToArray().Chunk(Features)];
        Assert.That(heavy.Seen, Is.EqualTo(new Shape(Batch, Active, Features)));
        for (int row = 0; row < y.Length; row++)
        {
            int at = Array.IndexOf(rows, row);
            double[] expected = [.. light[row].Select((value, i) => value + (at < 0 ? 0 : 3.0 * factors[at] * picked[row][i]))];
            Assert.That(y[row], Is.EqualTo(expected).Within(1e-5), $"row {row}");
        }
        Assert.That(factors, straightThrough ? Is.All.EqualTo(1) : Has.Some.LessThan(0.999));
    }

    [Test]
    public void Forward_AttentionOfPickedQueries_IsTheRowsOfWholeAttention()
    {
        using MemoryScope scope = new();
        using ConditionalAdapter layer = Layer(new Witness(), straightThrough: true);
        Tensor x = Ops.RandomNormal([Batch, Tokens, Features], new RandomStream(1));
        Tensor Attend(Tensor queries) => Ops.Matmul(Ops.Softmax(Ops.Matmul(queries, x, transposeB: true)), x);
        TokenSelection selection = layer.Router.Forward(x, Active);

        float[] added = Ops.Subtract(layer.Forward(x, selection, Attend), x).ToArray();

        float[] whole = Attend(x).ToArray();
        HashSet<int> rows = [.. selection.Rows.ToIntArray()];
        Assert.That(added, Is.EqualTo(whole.Select((value, i) => rows.Contains(i / Features) ? value : 0)).Within(1e-5), "the adapter starts at zero");
    }

    [Test]
    public void Router_Padding_ChangesNothing_AndCountsNothing()
    {
        using MemoryScope scope = new();
        using SoftTopKRouter router = new(Features, random: new RandomStream(3));
        Tensor x = Ops.RandomNormal([Batch, Tokens, Features], new RandomStream(1));
        Tensor padded = Ops.Concatenate(1, x, Tensor.Full([Batch, 2, Features], 50));
        Tensor mask = Ops.Concatenate(1, Tensor.Ones([Batch, Tokens]), Tensor.Zeros([Batch, 2]));

        TokenSelection selection = router.Forward(padded, Active, mask);
        TokenSelection all = router.Forward(padded, Tokens + 2, mask);

        TokenSelection plain = router.Forward(x, Active);
        Assert.Multiple(() =>
        {
            Assert.That(selection.Chosen.ToIntArray(), Is.EqualTo(plain.Chosen.ToIntArray()));
            Assert.That(Ops.Slice(selection.Shares, 1, 0, Tokens).ToArray(), Is.EqualTo(plain.Shares.ToArray()).Within(1e-6));
            Assert.That(Ops.Slice(selection.Shares, 1, Tokens, 2).ToArray(), Is.All.Zero);
            Assert.That(Ops.Slice(all.Factors, 1, Tokens, 2).ToArray(), Is.All.Zero, "padding that is chosen for want of others");
            Assert.That(plain.Shares.ToArray(), Is.All.InRange(0, 1));
            Assert.That(Ops.Sum(plain.Shares, [1]).ToArray(), Is.All.EqualTo(Active).Within(0.5), "shares add up to about as many");
        });
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using ConditionalAdapter layer = new(
            new Mlp([Features, 6, Features]), Features, 2, Active, new SoftTopKOptions { Iterations = 5, Epsilon = 0.5f, StraightThrough = false }, new RandomStream(2));
        layer.Save(folder.File("adapter.safetensors"));

        using ConditionalAdapter again = HyperKernels.Layers.Layer.Load<ConditionalAdapter>(folder.File("adapter.safetensors"));

        Tensor x = Ops.RandomNormal([Batch, Tokens, Features], new RandomStream(1));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
    }

    [Test]
    public void Router_WhatDoesNotFit_IsRefused()
    {
        using MemoryScope scope = new();
        using SoftTopKRouter router = new(Features);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => router.Forward(Tensor.Zeros([2, 3]), 1),
                Throws.ArgumentException.With.Message.StartsWith("SoftTopKRouter: tokens must be [B, S, 4] and at least one active; got [2, 3] and 1 active."));
            Assert.That(
                () => router.Forward(Tensor.Zeros([2, 3, 4]), 1, Tensor.Ones([2, 4])),
                Throws.ArgumentException.With.Message.StartsWith("SoftTopKRouter: the mask must be [2, 3]; it is [2, 4]."));
            Assert.That(() => new SoftTopKRouter(4, new SoftTopKOptions { Epsilon = 0 }), Throws.ArgumentException);
        });
    }

    private static ConditionalAdapter Layer(TensorLayer heavy, bool straightThrough) =>
        new(heavy, Features, 2, Active, new SoftTopKOptions { StraightThrough = straightThrough, Epsilon = 1 }, new RandomStream(2));

    /// <summary>Gives three times what it gets, and notes its shape.</summary>
    private sealed class Witness : TensorLayer
    {
        public Shape Seen { get; private set; }

        public override Tensor Forward(Tensor input)
        {
            Seen = input.Shape;
            return Ops.MultiplyScalar(input, 3);
        }
    }
}
