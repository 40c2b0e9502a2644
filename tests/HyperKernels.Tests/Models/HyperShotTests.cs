using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class HyperShotTests
{
    private const int Tasks = 3;
    private const int Features = 6;

    [TestCase(SupportKernel.CosineDistance, SupportAggregation.Mean, 0)]
    [TestCase(SupportKernel.Network, SupportAggregation.Concatenate, 1)]
    [TestCase(SupportKernel.CosineNetwork, SupportAggregation.Max, 2)]
    [TestCase(SupportKernel.ScalarProduct, SupportAggregation.Min, 1)]
    public void Forward_EachTaskAlone_GivesTheSame_AndSoDoesWhatWasStored(SupportKernel kernel, SupportAggregation aggregation, int neck)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using HyperShot learner = Make(kernel, aggregation, neck);
        Tensor support = Ops.RandomNormal([Tasks, 4, 2, Features], new RandomStream(2));
        Tensor queries = Ops.RandomNormal([Tasks, 5, Features], new RandomStream(3));
        Tensor together = learner.Forward(support, queries);
        learner.Save(folder.File("learner.safetensors"));

        using HyperShot again = Layer.Load<HyperShot>(folder.File("learner.safetensors"));

        Assert.That(together.Shape, Is.EqualTo(new Shape(Tasks, 5, 4)));
        Assert.That(again.Forward(support, queries).ToArray(), Is.EqualTo(together.ToArray()));
        float[] alone =
        [
            .. Enumerable.Range(0, Tasks).SelectMany(task => learner.Forward(Ops.Slice(support, 0, task, 1), Ops.Slice(queries, 0, task, 1)).ToArray()),
        ];
        Assert.That(together.ToArray(), Is.EqualTo(alone).Within(1e-5f));
    }

    [Test]
    public void Forward_TurnedEmbeddings_GiveTheSame_ForTheLearnerSeesRelationsAlone()
    {
        using MemoryScope scope = new();
        using HyperShot learner = Make(SupportKernel.CosineDistance, SupportAggregation.Mean, 0);
        float[] turn = new float[Features * Features];
        Initializer.Orthogonal().Fill(turn, [Features, Features], new RandomStream(9));
        Tensor rotation = Tensor.From(turn, [Features, Features]);
        Tensor support = Ops.RandomNormal([1, 4, 2, Features], new RandomStream(2));
        Tensor queries = Ops.RandomNormal([1, 5, Features], new RandomStream(3));

        float[] turned = learner.Forward(Ops.Matmul(support, rotation), Ops.Matmul(queries, rotation)).ToArray();

        Assert.That(turned, Is.EqualTo(learner.Forward(support, queries).ToArray()).Within(1e-4f));
    }

    [Test]
    public void Forward_WrongShapes_AreRefused()
    {
        using MemoryScope scope = new();
        using HyperShot learner = Make(SupportKernel.CosineDistance, SupportAggregation.Mean, 0);
        Assert.Multiple(() =>
        {
            Assert.That(
                () => learner.Forward(Tensor.Ones([4, 2, Features]), Tensor.Ones([1, 5, Features])),
                Throws.ArgumentException.With.Message.StartsWith("HyperShot: the support set must be [tasks, 4, 2, 6]; got [4, 2, 6]."));
            Assert.That(
                () => learner.Forward(Tensor.Ones([1, 4, 2, Features]), Tensor.Ones([5, Features])),
                Throws.ArgumentException.With.Message.StartsWith("HyperShot: the queries must be [1, queries, 6]; got [5, 6]."));
        });
    }

    private static HyperShot Make(SupportKernel kernel, SupportAggregation aggregation, int neck) => new(
        Features, ways: 4, shots: 2, new HyperShotOptions
        {
            Kernel = kernel, Aggregation = aggregation, NeckLayers = neck, HiddenFeatures = 9, TargetLayers = 2, TargetHiddenFeatures = 7, KernelHiddenFeatures = 5,
            KernelFeatures = 3,
        },
        new RandomStream(1));
}
