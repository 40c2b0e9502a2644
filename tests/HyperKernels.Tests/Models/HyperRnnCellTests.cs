using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperRnnCellTests
{
    private const int Batch = 2;
    private const int Inputs = 3;
    private const int Hidden = 4;
    private const int Small = 6;

    [Test]
    public void Forward_FreshCell_ScalesEveryRowByATenth()
    {
        using MemoryScope scope = new();
        using HyperRnnCell cell = new(Inputs, Hidden, Small, embedding: 3, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([Batch, Inputs], new RandomStream(2));

        float[] actual = cell.Forward(x, cell.ZeroState(Batch)).Hidden.ToArray();

        float[] weight = cell.NamedParameters().Single(named => named.Name == "weight_input").Parameter.Value.ToArray();
        float[] input = x.ToArray();
        double[] expected = [.. Enumerable.Range(0, actual.Length).Select(i => Math.Tanh(0.1 * Enumerable.Range(0, Inputs).Sum(k =>
            (double)weight[(i % Hidden * Inputs) + k] * input[(i / Hidden * Inputs) + k])))];
        Assert.That(actual, Is.EqualTo(expected).Within(1e-6));
    }

    [Test]
    public void ForwardSequence_EqualsItsSteps()
    {
        using MemoryScope scope = new();
        using HyperRnnCell cell = new(Inputs, Hidden, Small, 2, EmbeddingState.SameStep, new RandomStream(1));
        Tensor x = Ops.RandomNormal([3, Batch, Inputs], new RandomStream(2));

        (Tensor outputs, HyperRnnState last) = cell.ForwardSequence(x, cell.ZeroState(Batch));

        HyperRnnState now = cell.ZeroState(Batch);
        for (int step = 0; step < 3; step++)
        {
            now = cell.Forward(Ops.Reshape(Ops.Slice(x, 0, step, 1), Batch, Inputs), now);
            Assert.That(Ops.Slice(outputs, 0, step, 1).ToArray(), Is.EqualTo(now.Hidden.ToArray()).Within(1e-6f));
        }
        Assert.That(last.HyperHidden.ToArray(), Is.EqualTo(now.HyperHidden.ToArray()).Within(1e-6f));
    }

    [TestCase(EmbeddingState.PreviousStep)]
    [TestCase(EmbeddingState.SameStep)]
    public void Load_AfterSave_GivesTheSameAnswers(EmbeddingState state)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperRnnCell cell = new(Inputs, Hidden, Small, 2, state, new RandomStream(1));
        cell.Save(folder.File("cell.safetensors"));

        using HyperRnnCell again = Layer.Load<HyperRnnCell>(folder.File("cell.safetensors"));

        Tensor x = Ops.RandomNormal([2, Batch, Inputs], new RandomStream(2));
        Assert.That(again.EmbeddingState, Is.EqualTo(state));
        Assert.That(
            again.ForwardSequence(x, again.ZeroState(Batch)).Outputs.ToArray(), Is.EqualTo(cell.ForwardSequence(x, cell.ZeroState(Batch)).Outputs.ToArray()));
    }

    [Test]
    public void Forward_WrongShapes_AreRefusedWithWhatWouldFit()
    {
        using MemoryScope scope = new();
        using HyperRnnCell cell = new(Inputs, Hidden, Small);
        Assert.Multiple(() =>
        {
            Assert.That(() => cell.Forward(Tensor.Zeros([Batch, 5]), cell.ZeroState(Batch)),
                Throws.ArgumentException.With.Message.StartsWith("HyperRnnCell: the input must be [batch, 3]; got [2, 5]."));
            Assert.That(() => cell.Forward(Tensor.Zeros([Batch, Inputs]), cell.ZeroState(7)),
                Throws.ArgumentException.With.Message.StartsWith("HyperRnnCell: the state must be [2, 4] and [2, 6]; got [7, 4] and [7, 6]."));
            Assert.That(() => new HyperRnnCell(3, 4, hyperFeatures: 0),
                Throws.ArgumentException.With.Message.StartsWith("HyperRnnCell: hyperFeatures must be at least 1; got 0."));
        });
    }
}
