using HyperKernels.Backends;
using HyperKernels.Cases;

namespace HyperKernels.Tests;

[TestFixture]
internal sealed class RandomTests
{
    private const int Many = 1 << 18;

    // Random123 1.14, tests/kat_vectors: counter, key, expected.
    [TestCase(0u, 0u, 0u, 0u, 0u, 0u, 0x6627e8d5u, 0xe169c58du, 0xbc57ac4cu, 0x9b00dbd8u)]
    [TestCase(0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0xffffffffu, 0x408f276du, 0x41c83b0eu, 0xa20bc7c6u, 0x6d5451fdu)]
    [TestCase(0x243f6a88u, 0x85a308d3u, 0x13198a2eu, 0x03707344u, 0xa4093822u, 0x299f31d0u, 0xd16cfe09u, 0x94fdccebu, 0x5001e420u, 0x24126ea1u)]
    public void Rounds_PublishedCounters_GiveTheKnownAnswers(
        uint c0, uint c1, uint c2, uint c3, uint k0, uint k1, uint a, uint b, uint c, uint d) =>
        Assert.That(Philox.Rounds(c0, c1, c2, c3, k0, k1), Is.EqualTo(new Philox.Words(a, b, c, d)));

    [Test]
    public void Normal_AnyWords_IsCloseToTheDoubleFormula()
    {
        uint[] words = [0, 1, 2, 77, 1u << 29, (1u << 29) - 1, 1u << 30, 3u << 29, 1u << 31, (1u << 31) + 1, 0xC0000000, 0xDFFFFFFF, 0xE0000000, 0xFFFFFFFF, 0x12345678,
            0x9ABCDEF0];
        foreach (uint word1 in words)
        {
            foreach (uint word2 in words)
            {
                (float first, float second) = Philox.Normal(word1, word2);
                double radius = Math.Sqrt(-2 * Math.Log((float)((word1 + 0.5) / 4294967296.0)));
                double angle = 2 * Math.PI * word2 / 4294967296.0;
                Assert.That(first, Is.EqualTo(radius * Math.Cos(angle)).Within(2e-6), $"{word1:x} {word2:x}");
                Assert.That(second, Is.EqualTo(radius * Math.Sin(angle)).Within(2e-6), $"{word1:x} {word2:x}");
            }
        }
    }

    [Test]
    public void Random_IsTheSameOnEveryBackend([Values(0, 1, 3, 4, 17, 16384, 50_001)] int count)
    {
        float[] source = new float[count];
        Array.Fill(source, 1.5f);
        float[] uniform = new float[count];
        new RandomStream(5).FillUniform(uniform, -2, 3);
        float[] normal = new float[count];
        new RandomStream(6).FillNormal(normal, 1, 2);
        float[] kept = new float[count];
        new RandomStream(7).FillUniform(kept);
        foreach (Device device in Conformance.Devices)
        {
            using MemoryScope scope = device.Scope();
            Assert.That(Ops.RandomUniform([count], new RandomStream(5), -2, 3, device).ToArray(), Is.EqualTo(uniform), $"uniform, {device}");
            Assert.That(Ops.RandomNormal([count], new RandomStream(6), 1, 2, device).ToArray(), Is.EqualTo(normal), $"normal, {device}");
            float[] dropped = Ops.Dropout(Tensor.From(source, [count], device), 0.25f, new RandomStream(7)).ToArray();
            Assert.That(dropped, Is.EqualTo(Array.ConvertAll(kept, u => u >= 0.25f ? 2f : 0f)), $"dropout, {device}");
            Assert.That(Ops.Permutation(count, new RandomStream(8), device).ToIntArray().Order(), Is.EqualTo(Enumerable.Range(0, count)), $"permutation, {device}");
        }
    }

    [Test]
    public void Random_WhereTheCounterCarries_IsTheSameAtEveryWidth()
    {
        // Blocks on both sides of the lower word's end, among the first that registers make at once and among later ones.
        RandomState start = new(0x9876543210FEDCBA, (1UL << 32) - 5);
        float[] normal = new float[200];
        new RandomStream(start).FillNormal(normal, 1, 2);
        foreach (Device device in Conformance.Devices)
        {
            using MemoryScope scope = device.Scope();
            Assert.That(Ops.RandomNormal([normal.Length], new RandomStream(start), 1, 2, device).ToArray(), Is.EqualTo(normal), $"{device}");
        }
    }

    [Test]
    public void RandomUniform_ManyDraws_AreSpreadEvenly()
    {
        using MemoryScope scope = new();
        float[] values = Ops.RandomUniform([Many], new RandomStream(11)).ToArray();
        double[] counts = new double[256];
        foreach (float value in values)
        {
            counts[(int)(value * 256)]++;
        }
        Assert.That(values.Average(v => (double)v), Is.EqualTo(0.5).Within(4 * Math.Sqrt(1.0 / 12 / Many)));
        // 255 degrees of freedom: mean 255, deviation 22.6; four deviations to either side.
        Assert.That(ChiSquare(counts, Many / 256.0), Is.InRange(165, 345));
    }

    [Test]
    public void RandomNormal_ManyDraws_HaveTheMomentsOfTheNormalDistribution()
    {
        using MemoryScope scope = new();
        float[] values = Ops.RandomNormal([Many], new RandomStream(12)).ToArray();
        double deviation = 4 / Math.Sqrt(Many);
        Assert.That(values.Average(v => (double)v), Is.EqualTo(0).Within(deviation));
        Assert.That(values.Average(v => (double)v * v), Is.EqualTo(1).Within(Math.Sqrt(2) * deviation));
        Assert.That(values.Average(v => (double)v * v * v), Is.EqualTo(0).Within(Math.Sqrt(15) * deviation));
        Assert.That(values.Average(v => (double)v * v * v * v), Is.EqualTo(3).Within(Math.Sqrt(96) * deviation));
        // Neighbours come from one pair of words and must not be related.
        double related = Enumerable.Range(0, Many - 1).Average(i => (double)values[i] * values[i + 1]);
        Assert.That(related, Is.EqualTo(0).Within(deviation));
    }

    [Test]
    public void Permutation_ManyTimes_PutsEveryNumberEverywhere()
    {
        const int Size = 7;
        const int Times = 20_000;
        RandomStream random = new(13);
        double[] counts = new double[Size * Size];
        int[] order = new int[Size];
        for (int time = 0; time < Times; time++)
        {
            random.FillPermutation(order);
            for (int i = 0; i < Size; i++)
            {
                counts[(i * Size) + order[i]]++;
            }
        }
        // 36 degrees of freedom: mean 36, deviation 8.5.
        Assert.That(ChiSquare(counts, (double)Times / Size), Is.InRange(8, 72));
    }

    [Test]
    public void Dropout_ManyElements_DropsTheShareAskedForAndKeepsTheMean()
    {
        using MemoryScope scope = new();
        float[] values = Ops.Dropout(Tensor.Ones([Many]), 0.3f, new RandomStream(14)).ToArray();
        double deviation = 4 * Math.Sqrt(0.21 / Many);
        Assert.That(values.Count(v => v == 0) / (double)Many, Is.EqualTo(0.3).Within(deviation));
        Assert.That(values.Average(v => (double)v), Is.EqualTo(1).Within(deviation / 0.7));
    }

    [TestCase(0f, 1f)]
    [TestCase(1f, 0f)]
    public void Dropout_AtTheEnds_KeepsEverythingOrNothing(float probability, float expected)
    {
        using MemoryScope scope = new();
        Assert.That(Ops.Dropout(Tensor.Ones([1000]), probability, new RandomStream(1)).ToArray(), Is.All.EqualTo(expected));
    }

    [TestCase(-0.1f)]
    [TestCase(1.5f)]
    [TestCase(float.NaN)]
    public void Dropout_ProbabilityOutsideItsRange_Throws(float probability)
    {
        using MemoryScope scope = new();
        Tensor x = Tensor.Ones([3]);
        Assert.That(() => Ops.Dropout(x, probability, new RandomStream()), Throws.ArgumentException.With.Message.StartsWith("Dropout: the probability must be in [0, 1]; got "));
    }

    [Test]
    public void Dropout_Backward_DropsTheSameElements()
    {
        using Tape tape = new();
        Tensor x = tape.Watch(Tensor.Ones([999]));
        Tensor y = Ops.Dropout(x, 0.5f, new RandomStream(15));
        Tensor gradient = tape.Gradient(y, x);
        Assert.That(gradient.ToArray(), Is.EqualTo(y.ToArray()));
    }

    [Test]
    public void State_SetAgain_RepeatsTheDraws()
    {
        using MemoryScope scope = new();
        RandomStream random = new(16);
        Ops.RandomUniform([5], random);
        RandomState state = random.State;
        Assert.That(state, Is.EqualTo(new RandomState(16, 2)));
        float[] first = Ops.RandomNormal([9], random).ToArray();
        random.State = state;
        Assert.That(Ops.RandomNormal([9], random).ToArray(), Is.EqualTo(first));
        Assert.That(Ops.RandomNormal([9], new RandomStream(state)).ToArray(), Is.EqualTo(first));
    }

    [Test]
    public void Take_SeveralThreads_GetStretchesOfTheirOwn()
    {
        RandomStream random = new(17);
        ulong[] begins = new ulong[1000];
        Parallel.For(0, begins.Length, i => begins[i] = random.Take(8).Position);
        Assert.That(begins.Order(), Is.EqualTo(Enumerable.Range(0, begins.Length).Select(i => 2UL * (ulong)i)));
    }

    private static double ChiSquare(double[] counts, double expected) => counts.Sum(count => (count - expected) * (count - expected) / expected);
}
