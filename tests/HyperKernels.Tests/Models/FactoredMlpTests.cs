using HyperKernels.Layers;
using HyperKernels.Models;
using HyperKernels.Optim;

namespace HyperKernels.Tests.Models;

public sealed class FactoredMlpTests
{
    private const int Features = 3;

    [Test]
    public void Split_AllExpertsTogether_AreTheBlock_RowByRowToo()
    {
        using MemoryScope scope = new();
        using GatedMlp block = new(Features, 8, new RandomStream(1));
        using GatedExperts experts = GatedExperts.Split(block, 4);
        Tensor rows = Ops.RandomNormal([5, Features], new RandomStream(2));

        Tensor all = experts.ForwardAll(rows);

        Assert.That(Ops.Sum(all, [0]).ToArray(), Is.EqualTo(block.Forward(rows).ToArray()).Within(1e-5));
        float[] third = experts.Forward(rows, RowGroups.Of([2, 2, 2, 2, 2], 4)).ToArray();
        Assert.That(third, Is.EqualTo(Ops.Slice(all, 0, 2, 1).ToArray()).Within(1e-5));
        Assert.That(
            () => GatedExperts.Split(block, 3),
            Throws.ArgumentException.With.Message.StartsWith("GatedExperts: the number of experts must divide the 8 neurons of the block; got 3."));
    }

    [Test]
    public void Supervise_TheRouterLearnsWhichExpertsAnswerBest()
    {
        using MemoryScope scope = new();
        using GatedMlp block = new(Features, 8, new RandomStream(1));
        using FactoredMlp layer = new(block, random: new RandomStream(3));
        Tensor stream = Ops.RandomNormal([12, 2, Features], new RandomStream(2));
        using Adam adam = new(layer.Router.Parameters, 0.1f);
        double first = 0;
        double last = 0;
        for (int step = 0; step < 60; step++)
        {
            using Tape tape = new();
            RouterSupervision supervision = layer.Supervise(stream, block.Forward(stream));
            last = supervision.Route.ToScalar();
            first = step == 0 ? last : first;
            tape.Backward(supervision.Loss(routeWeight: 1, balanceWeight: 0));
            adam.Step(tape);
        }
        Assert.That(last, Is.LessThan(0.5 * first));
    }

    [Test]
    public void Forward_GivesTheRouterNoGradient_AndSurvivesAFile()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using Tape tape = new();
        using GatedMlp block = new(Features, 8, new RandomStream(1));
        using FactoredMlp layer = new(block, experts: 2, new RandomStream(3));
        Tensor x = Ops.RandomNormal([5, Features], new RandomStream(2));
        Tensor y = layer.Forward(x);
        layer.Save(folder.File("factored.safetensors"));

        tape.Backward(Ops.Sum(y));

        using FactoredMlp again = Layer.Load<FactoredMlp>(folder.File("factored.safetensors"));
        Assert.Multiple(() =>
        {
            Assert.That(tape.TryGetGradient(layer.Router.Weight.Value, out _), Is.False);
            Assert.That(tape.TryGetGradient(layer.Experts.Gate.Value, out Tensor gate) ? gate.ToArray() : [], Has.Some.Not.Zero);
            Assert.That(again.Forward(x).ToArray(), Is.EqualTo(y.ToArray()));
            Assert.That(() => new FactoredMlp(block, experts: 1), Throws.ArgumentException.With.Message.StartsWith("FactoredMlp: at least 2 experts are needed; got 1."));
        });
    }
}
