using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class NormLstmCellTests
{
    private const int Inputs = 3;
    private const int Hidden = 4;

    // The order i, j, f, o of the authors among PyTorch's i, f, g, o.
    private static readonly int[] s_places = [0, 2, 1, 3];

    [Test]
    public void ForwardSequence_WithoutNormAndForgetBias_IsPyTorchsCell()
    {
        using MemoryScope scope = new();
        using LstmCell plain = new(Inputs, Hidden, random: new RandomStream(1));
        using NormLstmCell cell = new(Inputs, Hidden, layerNorm: false, forgetBias: 0, random: new RandomStream(2));
        Dictionary<string, float[]> of = plain.NamedParameters().ToDictionary(named => named.Name, named => named.Parameter.OwnValue.ToArray());
        float[] bias = [.. of["bias_ih"].Zip(of["bias_hh"], (a, b) => a + b)];
        foreach (NamedParameter named in cell.NamedParameters())
        {
            float[] values = named.Name switch { "weight_input" => of["weight_ih"], "weight_hidden" => of["weight_hh"], _ => bias };
            named.Parameter.Load([.. s_places.SelectMany(place => values.Chunk(values.Length / 4).ElementAt(place))]);
        }
        Tensor x = Ops.RandomNormal([3, 2, Inputs], new RandomStream(3));

        (Tensor outputs, NormLstmState last) = cell.ForwardSequence(x, cell.ZeroState(2));

        Tensor hidden = Tensor.Zeros([2, Hidden]);
        Tensor memory = hidden;
        for (int step = 0; step < 3; step++)
        {
            (hidden, memory) = plain.Forward(Ops.Reshape(Ops.Slice(x, 0, step, 1), 2, Inputs), hidden, memory);
            Assert.That(Ops.Slice(outputs, 0, step, 1).ToArray(), Is.EqualTo(hidden.ToArray()).Within(1e-6f));
        }
        Assert.That(last.Cell.ToArray(), Is.EqualTo(memory.ToArray()).Within(1e-6f));
    }

    [Test]
    public void Load_AfterSave_KeepsEveryOption()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using NormLstmCell cell = new(Inputs, Hidden, layerNorm: true, forgetBias: 0.25f, dropout: 0.5f, epsilon: 0.1f, random: new RandomStream(1));
        cell.Save(folder.File("cell.safetensors"));

        using NormLstmCell again = Layer.Load<NormLstmCell>(folder.File("cell.safetensors"));

        cell.Eval();
        again.Eval();
        Tensor x = Ops.RandomNormal([2, Inputs], new RandomStream(2));
        Assert.That(again.Find<Dropout>()[0].Layer.Probability, Is.EqualTo(0.5f));
        Assert.That(again.Forward(x, again.ZeroState(2)).Hidden.ToArray(), Is.EqualTo(cell.Forward(x, cell.ZeroState(2)).Hidden.ToArray()));
    }

    [Test]
    public void Forward_WrongShapes_AreRefusedWithWhatWouldFit()
    {
        using MemoryScope scope = new();
        using NormLstmCell cell = new(Inputs, Hidden);
        Assert.Multiple(() =>
        {
            Assert.That(() => cell.Forward(Tensor.Zeros([2, Inputs]), cell.ZeroState(3)),
                Throws.ArgumentException.With.Message.StartsWith("NormLstmCell: the state must be two tensors [2, 4]; got [3, 4] and [3, 4]."));
            Assert.That(() => new NormLstmCell(3, 0), Throws.ArgumentException.With.Message.StartsWith("NormLstmCell: hiddenFeatures must be at least 1; got 0."));
        });
    }
}
