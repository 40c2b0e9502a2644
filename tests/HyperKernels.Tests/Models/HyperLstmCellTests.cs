using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperLstmCellTests
{
    private const int Batch = 2;
    private const int Inputs = 3;
    private const int Hidden = 4;
    private const int Small = 6;

    [Test]
    public void Forward_FreshCell_ScalesEveryRowByATenth()
    {
        using MemoryScope scope = new();
        using HyperLstmCell cell = new(Inputs, Hidden, Small, embedding: 2, new HyperLstmOptions { LayerNorm = false }, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Batch, Inputs], new RandomStream(2));

        float[] actual = cell.Forward(x, cell.ZeroState(Batch)).Hidden.ToArray();

        float[] weight = cell.NamedParameters().Single(named => named.Name == "weight_input").Parameter.Value.ToArray();
        float[] input = x.ToArray();
        for (int i = 0; i < actual.Length; i++)
        {
            (int sample, int unit) = (i / Hidden, i % Hidden);
            double[] gates = [.. Enumerable.Range(0, 4).Select(gate => 0.1 * Enumerable.Range(0, Inputs).Sum(k =>
                (double)weight[(((gate * Hidden) + unit) * Inputs) + k] * input[(sample * Inputs) + k]))];
            double memory = Sigmoid(gates[0]) * Math.Tanh(gates[1]);
            Assert.That(actual[i], Is.EqualTo(Math.Tanh(memory) * Sigmoid(gates[3])).Within(1e-6));
        }
    }

    [Test]
    public void Constructor_DrawsOrthogonalRecurrentMatricesGateByGate()
    {
        using HyperLstmCell cell = new(Inputs, Hidden, Small, random: new RandomStream(1));
        float[] weight = cell.NamedParameters().Single(named => named.Name == "weight_hidden").Parameter.Value.ToArray();
        for (int gate = 0; gate < 4; gate++)
        {
            for (int row = 0; row < Hidden; row++)
            {
                for (int other = 0; other < Hidden; other++)
                {
                    double dot = Enumerable.Range(0, Hidden).Sum(k =>
                        (double)weight[(((gate * Hidden) + row) * Hidden) + k] * weight[(((gate * Hidden) + other) * Hidden) + k]);
                    Assert.That(dot, Is.EqualTo(row == other ? 1 : 0).Within(1e-5));
                }
            }
        }
    }

    [TestCase(true, true)]
    [TestCase(false, false)]
    public void Load_AfterSave_GivesTheSameAnswers(bool layerNorm, bool hyperBias)
    {
        HyperLstmOptions options = new()
        {
            LayerNorm = layerNorm, HyperBias = hyperBias, EmbeddingState = EmbeddingState.PreviousStep, ForgetBias = 0.5f, HyperForgetBias = 2, Epsilon = 0.1f,
        };
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperLstmCell cell = new(Inputs, Hidden, Small, 2, options, new RandomStream(1));
        cell.Save(folder.File("cell.safetensors"));

        using HyperLstmCell again = Layer.Load<HyperLstmCell>(folder.File("cell.safetensors"));

        Tensor x = Ops.RandomNormal([Batch, Inputs], new RandomStream(2));
        Assert.That(again.NamedParameters().Select(named => named.ToString()), Is.EqualTo(cell.NamedParameters().Select(named => named.ToString())));
        Assert.That(again.Forward(x, again.ZeroState(Batch)).Hidden.ToArray(), Is.EqualTo(cell.Forward(x, cell.ZeroState(Batch)).Hidden.ToArray()));
    }

    [TestCase(EmbeddingState.SameStep)]
    [TestCase(EmbeddingState.PreviousStep)]
    public void ForwardSequence_EqualsItsSteps(EmbeddingState state)
    {
        using MemoryScope scope = new();
        using HyperLstmCell cell = new(Inputs, Hidden, Small, 2, new HyperLstmOptions { EmbeddingState = state }, new RandomStream(1));
        Randomise(cell);
        Tensor x = Ops.RandomNormal([3, Batch, Inputs], new RandomStream(2));

        (Tensor outputs, HyperLstmState last) = cell.ForwardSequence(x, cell.ZeroState(Batch));

        HyperLstmState now = cell.ZeroState(Batch);
        for (int step = 0; step < 3; step++)
        {
            now = cell.Forward(Ops.Reshape(Ops.Slice(x, 0, step, 1), Batch, Inputs), now);
            Assert.That(Ops.Slice(outputs, 0, step, 1).ToArray(), Is.EqualTo(now.Hidden.ToArray()).Within(1e-6f));
        }
        Assert.That(last.HyperCell.ToArray(), Is.EqualTo(now.HyperCell.ToArray()).Within(1e-6f));
    }

    [Test]
    public void Forward_WithThePreviousState_GivesScalesThatTheInputDoesNotChange()
    {
        // Without W_x x and with h = 0 the gates are the generated shift alone: of the small state before, or of the one that has read x.
        float[] Shifts(EmbeddingState state, ulong input)
        {
            using HyperLstmCell cell = new(Inputs, Hidden, Small, 2, new HyperLstmOptions { EmbeddingState = state }, new RandomStream(1));
            Randomise(cell);
            cell.NamedParameters().Single(named => named.Name == "weight_input").Parameter.Load(new float[4 * Hidden * Inputs]);
            return cell.Forward(Ops.RandomNormal([Batch, Inputs], new RandomStream(input)), cell.ZeroState(Batch)).Hidden.ToArray();
        }

        using MemoryScope scope = new();
        Assert.That(Shifts(EmbeddingState.PreviousStep, 2), Is.EqualTo(Shifts(EmbeddingState.PreviousStep, 3)));
        Assert.That(Shifts(EmbeddingState.SameStep, 2), Is.Not.EqualTo(Shifts(EmbeddingState.SameStep, 3)));
    }

    [Test]
    public void Forward_WithAllCandidatesDropped_WritesNothingWhileItTrains()
    {
        using MemoryScope scope = new();
        using HyperLstmCell cell = new(Inputs, Hidden, Small, 2, new HyperLstmOptions { Dropout = 1, HyperDropout = 1 }, new RandomStream(1));
        Tensor x = Ops.RandomNormal([Batch, Inputs], new RandomStream(2));

        HyperLstmState training = cell.Forward(x, cell.ZeroState(Batch));
        cell.Eval();
        HyperLstmState tested = cell.Forward(x, cell.ZeroState(Batch));

        Assert.Multiple(() =>
        {
            Assert.That(training.Cell.ToArray(), Is.All.Zero);
            Assert.That(training.HyperCell.ToArray(), Is.All.Zero);
            Assert.That(tested.Cell.ToArray(), Has.None.Zero);
            Assert.That(tested.HyperCell.ToArray(), Has.None.Zero);
        });
    }

    [Test]
    public void Forward_WrongShapes_AreRefusedWithWhatWouldFit()
    {
        using MemoryScope scope = new();
        using HyperLstmCell cell = new(Inputs, Hidden, Small);
        Tensor x = Tensor.Zeros([Batch, Inputs]);
        Assert.Multiple(() =>
        {
            Assert.That(() => cell.Forward(Tensor.Zeros([Batch, 5]), cell.ZeroState(Batch)),
                Throws.ArgumentException.With.Message.StartsWith("HyperLstmCell: the input must be [batch, 3]; got [2, 5]."));
            Assert.That(
                () => cell.Forward(x, cell.ZeroState(7)),
                Throws.ArgumentException.With.Message.StartsWith(
                    "HyperLstmCell: the state must be two tensors [2, 4] and two [2, 6]; got [7, 4], [7, 4], [7, 6] and [7, 6]."));
            Assert.That(
                () => new HyperLstmCell(0, 4),
                Throws.ArgumentException.With.Message.StartsWith("HyperLstmCell: inFeatures must be at least 1; got 0."));
            Assert.That(
                () => cell.ForwardSequence(x, cell.ZeroState(Batch)),
                Throws.ArgumentException.With.Message.StartsWith("HyperLstmCell: the inputs must be [steps, batch, 3] with at least one step; got [2, 3]."));
        });
    }

    private static void Randomise(Layer cell)
    {
        RandomStream random = new(5);
        foreach (NamedParameter named in cell.NamedParameters())
        {
            Initializer.Normal(0, 0.5f).Apply(named.Parameter, random);
        }
    }

    private static double Sigmoid(double x) => 1 / (1 + Math.Exp(-x));
}
