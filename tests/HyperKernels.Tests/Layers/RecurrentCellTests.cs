using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class RecurrentCellTests
{
    [TestCase(true)]
    [TestCase(false)]
    public void GruCell_MatchesPyTorchsFormulas(bool bias)
    {
        using GruCell cell = new(3, 5, bias);

        LayerCheck.Run(cell, x => cell.Forward(x[0], x[1]), [[4, 3], [4, 5]], (p, x) => PlainLayers.GruCell(p, x[0], x[1], 3, 5));
    }

    [TestCase(true)]
    [TestCase(false)]
    public void LstmCell_MatchesPyTorchsFormulas(bool bias)
    {
        using LstmCell cell = new(3, 5, bias);

        LayerCheck.Run(
            cell,
            x =>
            {
                (Tensor hidden, Tensor memory) = cell.Forward(x[0], x[1], x[2]);
                return Ops.Concatenate(0, hidden, memory);
            },
            [[4, 3], [4, 5], [4, 5]],
            (p, x) =>
            {
                (double[] hidden, double[] memory) = PlainLayers.LstmCell(p, x[0], x[1], x[2], 3, 5);
                return [.. hidden, .. memory];
            });
    }

    [Test]
    public void Forward_InputOnly_StartsFromZeros()
    {
        using GruCell gru = new(3, 5);
        using LstmCell lstm = new(3, 5);

        LayerCheck.Run(gru, x => gru.Forward(x[0]), [[4, 3]], (p, x) => PlainLayers.GruCell(p, x[0], new double[20], 3, 5));
        LayerCheck.Run(lstm, x => lstm.Forward(x[0]), [[4, 3]], (p, x) => PlainLayers.LstmCell(p, x[0], new double[20], new double[20], 3, 5).Hidden);
    }

    [Test]
    public void NamedParameters_AreThoseOfPyTorch()
    {
        using LstmCell cell = new(3, 5);

        Assert.That(
            cell.NamedParameters().Select(named => named.ToString()),
            Is.EqualTo(new[] { "weight_ih [20, 3]", "weight_hh [20, 5]", "bias_ih [20]", "bias_hh [20]" }));
    }

    [Test]
    public void Forward_WrongShapes_AreRefused()
    {
        using GruCell cell = new(3, 5);

        using (Assert.EnterMultipleScope())
        {
            Assert.That(() => cell.Forward(Tensor.Zeros([4, 2])), Throws.ArgumentException.With.Message.EqualTo("GruCell: the input must be [batch, 3]; got [4, 2]."));
            Assert.That(
                () => cell.Forward(Tensor.Zeros([4, 3]), Tensor.Zeros([1, 5])),
                Throws.ArgumentException.With.Message.EqualTo("GruCell: the state must be [4, 5]; got [1, 5]."));
        }
    }
}
