using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class JetTests
{
    private static IEnumerable<TestCaseData> Functions =>
    [
        new TestCaseData(new PhysicsMlp([2, 6, 5, 1], Activation.Tanh, new RandomStream(1))).SetArgDisplayNames("tanh"),
        new TestCaseData(new PhysicsMlp([2, 6, 1], Activation.Sine(3), new RandomStream(1))).SetArgDisplayNames("sine"),
        new TestCaseData(new ModifiedMlp(2, width: 6, depth: 2, random: new RandomStream(1))).SetArgDisplayNames("modified"),
    ];

    // The same derivatives by reverse mode, twice, with weights of its own for every sample.
    [TestCaseSource(nameof(Functions))]
    public void ForwardJet_GivesWhatTheTapeGives(TensorLayer function)
    {
        using Tape tape = new();
        // One plan for values alone and for values among derivatives: plans differ in rounding.
        using HyperNetwork network = HyperNetwork.For(
            function, Condition.Raw("equation", 2), hidden: [7],
            options: new HyperNetworkOptions { Activation = Activation.Tanh, Plan = GeneratePlan.Materialise, Random = new RandomStream(2) });
        Tensor points = Ops.RandomUniform([3, 4, 2], new RandomStream(3));
        Tensor equation = Ops.RandomNormal([3, 2], new RandomStream(4));
        tape.Watch(points);

        Jet u = HyperPinn.Evaluate(network, points, equation);

        Tensor value = network.Forward(points, equation);
        Tensor slopes = tape.Gradient(Ops.Sum(value), points, differentiable: true);
        Assert.That(u.Value.ToArray(), Is.EqualTo(value.ToArray()).Within(1e-6f));
        for (int axis = 0; axis < 2; axis++)
        {
            Tensor slope = Ops.Slice(slopes, 2, axis, 1);
            Tensor curve = Ops.Slice(tape.Gradient(Ops.Sum(slope), points, differentiable: true), 2, axis, 1);
            Assert.That(u.First(axis).ToArray(), Is.EqualTo(slope.ToArray()).Within(2e-5f), $"first along {axis}");
            Assert.That(u.Second(axis).ToArray(), Is.EqualTo(curve.ToArray()).Within(5e-4f), $"second along {axis}");
        }
    }

    [TestCaseSource(nameof(Functions))]
    public void Load_AfterSave_GivesTheSameDerivatives(TensorLayer function)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        function.Save(folder.File("function.safetensors"));
        using TensorLayer again = Layer.Load<TensorLayer>(folder.File("function.safetensors"));
        Tensor points = Ops.RandomUniform([1, 4, 2], new RandomStream(3));
        Jet u = ((IJetLayer)function).ForwardJet(points);
        Assert.That(((IJetLayer)again).ForwardJet(points).Second(1).ToArray(), Is.EqualTo(u.Second(1).ToArray()));
        Assert.That(again.Forward(Ops.Reshape(points, 4, 2)).ToArray(), Is.EqualTo(u.Value.ToArray()).Within(1e-6f), "values alone need no batch of functions");
    }

    [Test]
    public void Activate_WithAKink_IsRefused()
    {
        using MemoryScope scope = new();
        Assert.Multiple(() =>
        {
            Assert.That(
                () => new PhysicsMlp([2, 3, 1], Activation.Relu),
                Throws.ArgumentException.With.Message.StartsWith("PhysicsMlp: the activation must be Tanh or Sine, which are smooth; got Relu."));
            Assert.That(() => Jet.Of(Tensor.Ones([4, 2])), Throws.ArgumentException.With.Message.StartsWith("Jet: the coordinates must be [batch, points, D]; got [4, 2]."));
            using HyperNetwork network = HyperNetwork.For(new Mlp([2, 3, 1]), Condition.Raw("equation", 1));
            Assert.That(
                () => HyperPinn.Evaluate(network, Tensor.Ones([1, 4, 2]), Tensor.Ones([1, 1])),
                Throws.ArgumentException.With.Message.StartsWith("HyperPinn: the target must give derivatives, as PhysicsMlp and ModifiedMlp do; it is a Mlp."));
        });
    }
}
