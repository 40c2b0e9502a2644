using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class UpcyclingTests
{
    [Test]
    public void Of_AtFirst_IsTheBlock_AndEveryCopyHasRows([Values(1, 2, 4)] int slices, [Values] bool bias)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using Mlp block = new([5, 8, 3], Activation.Gelu, bias, new RandomStream(1));
        Tensor x = Ops.RandomNormal([2, 40, 5], new RandomStream(2));

        using SparseMixture mixture = Upcycling.Of(block, slices, copies: 3, new RandomStream(4));

        int[] chosen = mixture.Route(Ops.Reshape(x, 80, 5)).Experts.ToIntArray();
        mixture.Save(folder.File("mixture.safetensors"));
        using SparseMixture again = Layer.Load<SparseMixture>(folder.File("mixture.safetensors"));
        Assert.Multiple(() =>
        {
            Assert.That(mixture.Forward(x).ToArray(), Is.EqualTo(block.Forward(x).ToArray()).Within(1e-5));
            Assert.That(chosen.Distinct().Count(), Is.EqualTo(3 * slices), "sets that never serve would never train");
            Assert.That(again.Forward(x).ToArray(), Is.EqualTo(mixture.Forward(x).ToArray()), "the sum of shares belongs to the file");
        });
    }

    [Test]
    public void Of_WhatDoesNotFit_IsRefused() => Assert.Multiple(() =>
    {
        Assert.That(
            () => Upcycling.Of(new Mlp([5, 8, 3]), 3),
            Throws.ArgumentException.With.Message.EndsWith("slices divide its neurons; got 2 layers, 3 slices of 8 neurons and 2 copies."));
        Assert.That(() => Upcycling.Of(new Mlp([5, 8, 8, 3]), 2), Throws.ArgumentException);
    });
}
