using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class ProjectionTests
{
    private const int Latent = 5;
    private const ulong Seed = 11;

    public static IEnumerable<ProjectionKind> FromASeed => Enum.GetValues<ProjectionKind>().Where(kind => kind != ProjectionKind.Given);

    [Test]
    public void Projection_OfTheLatentsAxes_ShowsTheMatrix([ValueSource(nameof(FromASeed))] ProjectionKind kind)
    {
        using MemoryScope scope = new();
        using Mlp target = new([4, 9, 3], random: new RandomStream(1));
        RandomProjectionEmission emission = new(target, Latent, kind, Seed, hasBase: true);
        float[] own = [.. target.Parameters.SelectMany(parameter => parameter.OwnValue.ToArray())];
        float[][] columns = Columns(emission, own);
        int first = emission.Manifest.Entries[0].Count;
        float[] numbers = new float[first * Latent];
        if (kind == ProjectionKind.Uniform)
        {
            new RandomStream(Seed).FillUniform(numbers, -MathF.Sqrt(3), MathF.Sqrt(3));
        }
        else
        {
            new RandomStream(Seed).FillNormal(numbers);
        }
        switch (kind)
        {
            case ProjectionKind.Normal or ProjectionKind.Uniform:
                Assert.That(columns.Select((column, j) => column.Take(first).Select(value => value / emission.Deviations[0])
                    .Zip(Enumerable.Range(0, first).Select(i => numbers[(i * Latent) + j]), (a, b) => Math.Abs(a - b)).Max()), Is.All.LessThan(1e-4));
                break;
            case ProjectionKind.UnitColumns:
                Assert.That(columns.Select(column => column.Sum(value => (double)value * value)), Is.All.EqualTo(1).Within(1e-4));
                Assert.That(columns[2][3] / columns[2][0], Is.EqualTo(numbers[(3 * Latent) + 2] / numbers[2]).Within(1e-3));
                break;
            default:
                for (int i = 0; i < first; i++)
                {
                    float[] row = [.. columns.Select(column => MathF.Round(column[i] / emission.Deviations[0], 3))];
                    Assert.That(row.Where(value => value != 0).Select(Math.Abs), Is.EqualTo(new[] { 1f }), $"row {i}");
                }
                Assert.That(columns.Select(column => column.Take(first).Distinct().Count()), Is.All.GreaterThan(2), "both signs, and zeros");
                break;
        }
    }

    [Test]
    public void Doh_StartsAsItsCoordinateNetworkDoes()
    {
        using MemoryScope scope = new();
        using Siren target = new([2, 64, 64, 3], random: new RandomStream(1));
        using ProjectedNetwork network = Doh.For(target, latent: 500, seed: 3, random: new RandomStream(2));
        float[] flat = network.Network.Generate().ToArray();
        foreach (ManifestEntry entry in network.Network.Manifest.Entries.Where(entry => entry.Count > 100))
        {
            double expected = Math.Sqrt(target.Find(entry.Name)[0].Parameter.OwnValue.ToArray().Average(value => (double)value * value));
            double actual = Math.Sqrt(flat.Skip(entry.Offset).Take(entry.Count).Average(value => (double)value * value));
            Assert.That(actual, Is.EqualTo(expected).Within(15).Percent, entry.Name);
        }
        Assert.That(network.Parameters.Where(parameter => parameter.RequiresGradient), Is.EqualTo(new[] { network.Latent }));
    }

    [Test]
    public void Deviation_OfConstantTensors_IsThatOfTheWeightBefore()
    {
        using Sequential target = [new LayerNorm(4), new Linear(4, 5, random: new RandomStream(1))];
        Initializer.Zeros.Apply(((Linear)target[1]).Bias!);
        RandomProjectionEmission emission = new(target, Latent);
        Assert.That(emission.Deviations.Take(2), Is.All.EqualTo(1));
        Assert.That(emission.Deviations[2], Is.EqualTo(1 / Math.Sqrt(3 * 4)).Within(25).Percent);
        Assert.That(emission.Deviations[3], Is.EqualTo(emission.Deviations[2]));
    }

    [Test]
    public void Backward_GivesTheLatentTheProjectedGradient([ValueSource(nameof(FromASeed))] ProjectionKind kind)
    {
        using Tape tape = new();
        using ProjectedNetwork network = IntrinsicDimension.For(new Mlp([4, 9, 3], random: new RandomStream(1)), Latent, Seed, kind);
        float[] own = network.Network.Generate().ToArray();
        Tensor weights = Ops.RandomNormal([1, own.Length], new RandomStream(2));
        float[] gradient = tape.Gradient(Ops.Sum(Ops.Multiply(network.Network.Generate(), weights)), network.Latent.Value).ToArray();
        float[] given = weights.ToArray();
        double[] expected = [.. Columns(network.Emission, own).Select(column => column.Zip(given, (a, b) => (double)a * b).Sum())];
        Assert.That(gradient, Is.EqualTo(expected).Within(1e-4));
    }

    [Test]
    public void Forward_LatentsOfEverySample_EqualRunsOneByOne([Values] ProjectionKind kind)
    {
        using MemoryScope scope = new();
        Mlp target = new([4, 9, 3], random: new RandomStream(1));
        RandomProjectionEmission emission = new(target, Latent, kind, Seed, hasBase: true);
        foreach (Parameter projection in emission.Projections)
        {
            Initializer.Normal().Apply(projection, new RandomStream(4));
        }
        using HyperNetwork network = new(
            target, new DeclaredConditioning([Condition.Embedding("signal", 3, Latent)]), new GeneratorMlp(Latent, [], Activation.None, Initializer.Zeros), emission);
        Tensor x = Ops.RandomNormal([3, 6, 4], new RandomStream(2));
        float[] together = network.Forward(x, Tensor.From([2, 0, 1])).ToArray();
        float[] alone = [.. Enumerable.Range(0, 3).SelectMany(i => network.Forward(Ops.Slice(x, 0, i, 1), Tensor.From([(i + 2) % 3], [1])).ToArray())];
        Assert.That(together, Is.EqualTo(alone).Within(1e-5 * alone.Max(Math.Abs)));
        Assert.That(together[..18], Is.Not.EqualTo(together[18..36]).Within(1e-2));
    }

    [Test]
    public void Load_AfterSave_GivesTheSameAnswers_FromALatentAndASeed([Values] ProjectionKind kind, [Values] bool hasBase)
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        TensorLayer target = new Mlp([4, 80, 80, 3], Activation.Tanh, random: new RandomStream(1));
        using ProjectedNetwork network = hasBase ? IntrinsicDimension.For(target, Latent, ulong.MaxValue, kind) : Doh.For(target, Latent, ulong.MaxValue, kind);
        Initializer.Normal().Apply(network.Latent, new RandomStream(3));
        foreach (Parameter projection in network.Emission.Projections)
        {
            Initializer.Normal().Apply(projection, new RandomStream(4));
        }
        network.Save(folder.File("projected.safetensors"));

        using ProjectedNetwork again = Layer.Load<ProjectedNetwork>(folder.File("projected.safetensors"));

        Tensor x = Ops.RandomNormal([6, 4], new RandomStream(2));
        Assert.That(again.Forward(x).ToArray(), Is.EqualTo(network.Forward(x).ToArray()));
        Assert.That(again.Parameters.Select(parameter => parameter.RequiresGradient), Is.EqualTo(network.Parameters.Select(parameter => parameter.RequiresGradient)));
        if (!hasBase && kind != ProjectionKind.Given)
        {
            Assert.That(new FileInfo(folder.File("projected.safetensors")).Length, Is.LessThan(5000), "the target has 7,000 numbers");
        }
    }

    [Test]
    public void WhatDoesNotFit_IsRefused() => Assert.Multiple(() =>
    {
        Assert.That(() => Doh.For(new Mlp([2, 2]), latent: 0), Throws.ArgumentException.With.Message.StartsWith("LatentVector: at least one number is needed; got 0."));
        Assert.That(
            () => Doh.For(new Mlp([2, 2]), latent: 3).Network.Forward(Tensor.Zeros([1, 2]), Tensor.Zeros([1, 3])),
            Throws.ArgumentException.With.Message.StartsWith("LatentVector: the weights depend on no condition; got values of 1."));
    });

    // What each axis of the latent adds to the weights.
    private static float[][] Columns(RandomProjectionEmission emission, float[] own)
    {
        using GeneratorMlp generator = new(Latent, [], Activation.None, Initializer.Zeros);
        return [.. Enumerable.Range(0, Latent).Select(j =>
        {
            float[] axis = new float[Latent];
            axis[j] = 1;
            float[] flat = emission.Flat(Tensor.From(axis, [1, Latent]), generator).ToArray();
            return flat.Zip(own, (a, b) => a - b).ToArray();
        })];
    }
}
