using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

public sealed class RecurrentCellTests
{
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
