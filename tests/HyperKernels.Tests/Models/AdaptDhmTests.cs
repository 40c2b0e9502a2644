using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class AdaptDhmTests
{
    [Test]
    public void Forward_EveryRow_IsItsClustersNetwork()
    {
        using MemoryScope scope = new();
        using AdaptDhm layer = Drawn();
        layer.Eval();
        Tensor x = Ops.RandomNormal([9, 4], new RandomStream(2));

        float[] y = layer.Forward(x).ToArray();

        int[] clusters = layer.Router.Forward(x).GroupOfRow.ToArray();
        float[][] centres = [.. layer.Router.Centres.ToArray().Chunk(4)];
        for (int row = 0; row < 9; row++)
        {
            Tensor h = Ops.Slice(x, 0, row, 1);
            float[] values = h.ToArray();
            double[] cosines = [.. centres.Select(centre => centre.Zip(values, (a, b) => (double)a * b).Sum() / Math.Sqrt(centre.Sum(a => (double)a * a)))];
            int cluster = Array.IndexOf(cosines, cosines.Max());
            Assert.That(clusters[row], Is.EqualTo(cluster));
            for (int i = 0; i < 2; i++)
            {
                Tensor Of(Parameter bank) => Ops.Reshape(Ops.Slice(bank.Value, 0, cluster, 1), bank.Shape.Remove(0));
                Tensor weight = Ops.Multiply(layer.Shared[i].Weight.Value, Of(layer.Factors[i]));
                h = Ops.Linear(h, weight, Ops.Add(layer.Shared[i].Bias!.Value, Of(layer.Biases[i])), i == 0 ? Activation.Relu : Activation.None);
            }
            Assert.That(y.AsSpan(2 * row, 2).ToArray(), Is.EqualTo(h.ToArray()).Within(1e-5), $"row {row}");
        }
        Assert.That(clusters.Distinct().Count(), Is.GreaterThan(1));
    }

    [Test]
    public void Router_WhileTraining_MovesCentresToTheMeanDirectionOfTheirRows_AndOnlyThen()
    {
        using MemoryScope scope = new();
        using ClusterRouter router = new(2, 3, momentum: 0.5f);
        router.Centres.CopyFrom([1f, 0, 0, 1, -1, -1]);
        Tensor rows = Tensor.From([3f, 0.3f, 5, -0.5f, 0, 2], [3, 2]);
        router.Eval();
        router.Forward(rows);
        Assert.That(router.Centres.ToArray(), Is.EqualTo(new[] { 1f, 0, 0, 1, -1, -1 }));

        router.Train();
        router.Forward(rows);

        double length = Math.Sqrt(1.01);
        Assert.That(router.Centres.ToArray(), Is.EqualTo(new[] { 0.5 + (0.5 / length), 0, 0, 1, -1, -1 }).Within(1e-5), "a cluster without rows stays");
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers_WithTheMovedCentres()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using AdaptDhm layer = Drawn();
        Tensor x = Ops.RandomNormal([9, 4], new RandomStream(2));
        layer.Forward(x);
        layer.Eval();
        layer.Save(folder.File("dhm.safetensors"));
        using AdaptDhm again = Layer.Load<AdaptDhm>(folder.File("dhm.safetensors"));
        again.Eval();
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(layer.Forward(x).ToArray()));
        Assert.That(again.Router.Centres.ToArray(), Is.EqualTo(layer.Router.Centres.ToArray()));
        Assert.That(() => new AdaptDhm([4], 2), Throws.ArgumentException);
        Assert.That(() => new ClusterRouter(4, 2, momentum: 1), Throws.ArgumentException);
        Assert.That(() => layer.Forward(Tensor.Zeros([2, 3])), Throws.ArgumentException.With.Message.StartsWith("ClusterRouter: rows must be [N, 4]; got [2, 3]."));
    }

    private static AdaptDhm Drawn()
    {
        RandomStream random = new(1);
        AdaptDhm layer = new([4, 5, 2], clusters: 3, random: random);
        foreach (Parameter parameter in (Parameter[])[.. layer.Factors, .. layer.Biases])
        {
            Initializer.Normal().Apply(parameter, random);
        }
        return layer;
    }
}
