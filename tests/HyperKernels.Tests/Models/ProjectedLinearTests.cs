using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ProjectedLinearTests
{
    [Test]
    public void Forward_OfTokens_IsThatOfEachSamplesProjectedLayer([Values] bool narrow)
    {
        using MemoryScope scope = new();
        (int inFeatures, int outFeatures) = narrow ? (3, 5) : (5, 3);
        using ProjectedLinear layer = new(inFeatures, outFeatures, 8, 9, 4, random: new RandomStream(1));
        Tensor x = Ops.RandomNormal([4, 6, inFeatures], new RandomStream(2));
        foreach (int[] clusters in (int[][])[[2, 0, 2, 3], [1, 1, 1, 1], [3, 2, 1, 0]])
        {
            Tensor y = layer.Forward(x, clusters);
            Assert.That(y.Shape, Is.EqualTo(new Shape(4, 6, outFeatures)));
            for (int sample = 0; sample < clusters.Length; sample++)
            {
                using Linear small = layer.Project(clusters[sample]);
                float[] expected = small.Forward(Ops.Slice(x, 0, sample, 1)).ToArray();
                Assert.That(Ops.Slice(y, 0, sample, 1).ToArray(), Is.EqualTo(expected).Within(1e-5), $"sample {sample} of clusters {string.Join(", ", clusters)}");
            }
        }
    }

    [Test]
    public void FirstValues_OfSmallLayers_AreAsWideAsThoseOfALinearLayer()
    {
        using MemoryScope scope = new();
        using ProjectedLinear layer = new(40, 60, 200, 300, 2, random: new RandomStream(1));
        double variance = layer.Weights().ToArray().Average(value => (double)value * value);
        Assert.That(variance, Is.EqualTo(1.0 / (3 * 40)).Within(0.1 / (3 * 40)));
    }

    [Test]
    public void Copy_KeepsEverything_AndMistakesAreNamed()
    {
        using MemoryScope scope = new();
        using ProjectedLinear layer = new(3, 2, 5, 6, 3, bias: false, random: new RandomStream(1));
        using ProjectedLinear copy = layer.Copy();
        Tensor x = Ops.RandomNormal([2, 3], new RandomStream(2));
        Assert.That(copy.Forward(x, [2, 1]).ToArray(), Is.EqualTo(layer.Forward(x, [2, 1]).ToArray()));
        Assert.That(() => layer.Forward(x, [0, 3]), Throws.ArgumentException.With.Message.Contains("from 0 to 2; got 3"));
        Assert.That(() => layer.Forward(x, [0]), Throws.ArgumentException.With.Message.Contains("with 1 clusters"));
        Assert.That(() => layer.Project(-1), Throws.ArgumentException.With.Message.Contains("got -1"));
    }
}
