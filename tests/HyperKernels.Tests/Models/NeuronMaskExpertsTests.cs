using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class NeuronMaskExpertsTests
{
    private const int Features = 3;
    private const int Neurons = 6;

    // The third expert keeps nothing, and the first two share neurons 1 and 4.
    private static readonly bool[][] s_masks = [Mask("010110"), Mask("110011"), Mask("000000")];

    [Test]
    public void Forward_CutAndMaskedDense_Agree([Values] bool separateShared, [Values] bool hasEmptyExpert)
    {
        using Tape tape = new();
        bool[][] masks = hasEmptyExpert ? s_masks : s_masks[..2];
        using NeuronMaskExperts experts = new(new GatedMlp(Features, Neurons, new RandomStream(1)), masks, separateShared);
        Tensor x = Ops.RandomNormal([2, 4, Features], new RandomStream(2));
        RowGroups decision = NeuronMaskExperts.Decide(Ops.RandomNormal([2, 4, masks.Length], new RandomStream(5)));
        Tensor weight = Ops.RandomNormal(x.Shape, new RandomStream(4));
        Parameter[] parameters = [.. experts.Block.Parameters];
        Tensor[] values = [.. parameters.Select(parameter => parameter.Value)];

        Tensor y = experts.Forward(x, decision);
        Tensor[] gradients = tape.Gradient(Ops.Sum(Ops.Multiply(y, weight)), values);

        float[] perRow = [.. decision.GroupOfRow.ToArray().SelectMany(expert => masks[expert].Select(kept => kept ? 1f : 0))];
        Tensor hidden = Ops.Multiply(experts.Block.Gate.Forward(x, Activation.Silu), experts.Block.Up.Forward(x));
        Tensor dense = experts.Block.Down.Forward(Ops.Multiply(hidden, Tensor.From(perRow, hidden.Shape)));
        Tensor[] expected = tape.Gradient(Ops.Sum(Ops.Multiply(dense, weight)), values);
        using GatedExperts cut = experts.Cut();
        Tensor rows = Ops.GatherRows(Ops.Reshape(x, -1, Features), decision.Order);
        Tensor apart = Ops.GatherRows(cut.Forward(rows, decision), decision.Places);
        Assert.Multiple(() =>
        {
            Assert.That(y.ToArray(), Is.EqualTo(dense.ToArray()).Within(1e-5));
            Assert.That(apart.ToArray(), Is.EqualTo(dense.ToArray()).Within(1e-5), "cut");
            Assert.That(cut.HiddenFeatures, Is.EqualTo(4), "no more neurons than the largest expert keeps");
            for (int i = 0; i < parameters.Length; i++)
            {
                Assert.That(gradients[i].ToArray(), Is.EqualTo(expected[i].ToArray()).Within(1e-5), parameters[i].Name);
            }
        });
    }

    [Test]
    public void MasksOf_KeepWhatIsStrictlyAboveTheNthLargest()
    {
        using MemoryScope scope = new();
        bool[][] masks = NeuronMaskExperts.MasksOf(Tensor.From([5f, 1, 4, 3, 2, 2, 2, 2], [2, 4]), 0.8);
        Assert.That(masks, Is.EqualTo(new[] { Mask("1010"), Mask("0000") }), "N = 3: two neurons, and none among equals");
        Assert.That(() => NeuronMaskExperts.MasksOf(Tensor.Zeros([2, 4]), 0.2), Throws.ArgumentException);
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using NeuronMaskExperts experts = new(new GatedMlp(Features, Neurons, new RandomStream(1)), s_masks, separateShared: true);
        experts.Save(folder.File("experts.safetensors"));

        using NeuronMaskExperts again = Layer.Load<NeuronMaskExperts>(folder.File("experts.safetensors"));

        Tensor x = Ops.RandomNormal([5, Features], new RandomStream(2));
        RowGroups decision = RowGroups.Of([2, 0, 1, 1, 0], 3);
        Assert.That(again.Forward(x, decision).ToArray(), Is.EqualTo(experts.Forward(x, decision).ToArray()));
    }

    [Test]
    public void Constructor_MasksOfAnotherLength_AreRefused() =>
        Assert.That(
            () => new NeuronMaskExperts(new GatedMlp(Features, Neurons), [Mask("01")]),
            Throws.ArgumentException.With.Message.StartsWith("NeuronMaskExperts: at least one mask of the block's 6 neurons is needed; got [2]."));

    private static bool[] Mask(string digits) => [.. digits.Select(digit => digit == '1')];
}
