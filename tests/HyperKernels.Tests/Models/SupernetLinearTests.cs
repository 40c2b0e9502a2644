using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class SupernetLinearTests
{
    [Test]
    public void Architectures_SideBySide_EqualSingleRuns_AndTheirCollapsedLayers([Values] SupernetRouting routing)
    {
        using MemoryScope scope = new();
        using SupernetLinear layer = new(6, 5, 3, experts: 3, hiddenFeatures: 4, routing, random: new RandomStream(1));
        RandomStream random = new(2);
        Tensor architectures = Ops.RandomNormal([2, 3], random, deviation: 3);
        Tensor x = Ops.RandomNormal([4, 2, 4], random);
        Tensor y = layer.Forward(x, architectures, 3);
        for (int c = 0; c < 2; c++)
        {
            Tensor architecture = Ops.Reshape(Ops.Slice(architectures, 0, c, 1), 3);
            Tensor own = Ops.Slice(x, 0, 2 * c, 2);
            float[] part = Ops.Slice(y, 0, 2 * c, 2).ToArray();
            Assert.That(part, Is.EqualTo(layer.Forward(own, architecture, 3).ToArray()).Within(1e-5), "one architecture for all");
            using Linear plain = layer.Collapse(architecture, 4, 3);
            Assert.That(part, Is.EqualTo(plain.Forward(own).ToArray()).Within(1e-5), "the plain layer");
        }
    }

    [Test]
    public void Coefficients_AreShares_OfExperts([Values] SupernetRouting routing)
    {
        using MemoryScope scope = new();
        using SupernetLinear layer = new(4, 5, 2, experts: 3, routing: routing, bias: false, random: new RandomStream(1));
        Tensor shares = layer.Coefficients(Ops.RandomNormal([2], new RandomStream(2)), 4);
        Assert.That(shares.Shape, Is.EqualTo(routing == SupernetRouting.Layer ? new Shape(1, 3) : new Shape(1, 4, 3)));
        Assert.That(shares.ToArray().Chunk(3).Select(row => row.Sum()), Has.All.EqualTo(1).Within(1e-5));
        using SupernetLinear copy = layer.Copy();
        Tensor architecture = Tensor.From([1f, -1f]);
        Assert.That(copy.Mix(architecture).Weight.Materialize().ToArray(), Is.EqualTo(layer.Mix(architecture).Weight.Materialize().ToArray()));
        Assert.That(() => layer.Mix(architecture, 5), Throws.ArgumentException.With.Message.Contains("inFeatures of a sub-network must be from 1 to 4; got 5"));
    }
}
