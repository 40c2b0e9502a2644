using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class GaussianDiffusionTests
{
    [Test]
    public void Signal_IsThePublishedSchedule()
    {
        double[] linear = [.. new GaussianDiffusion(1000).Signal];
        double product = 1;
        for (int i = 0; i < 1000; i++)
        {
            product *= 1 - (0.0001 + (0.0199 * i / 999));
            Assert.That(linear[i], Is.EqualTo(product).Within(1e-12));
        }
        double[] cosine = [.. new GaussianDiffusion(10, NoiseSchedule.Cosine).Signal];
        double zero = Math.Pow(Math.Cos(0.008 / 1.008 * Math.PI / 2), 2);
        Assert.That(cosine[4], Is.EqualTo(Math.Pow(Math.Cos(0.508 / 1.008 * Math.PI / 2), 2) / zero).Within(1e-9));
    }

    [Test]
    public void Spaced_KeepsTheSignalOfTheStepsThatItKeeps_AndTheirNumbers()
    {
        using MemoryScope scope = new();
        GaussianDiffusion all = new(100);
        GaussianDiffusion some = all.Spaced(5);
        List<float> seen = [];
        some.SampleImplicit((x, t) => Remember(x, t.ToArray()[0]), Tensor.Zeros([1, 2]));
        Assert.Multiple(() =>
        {
            Assert.That(some.Signal, Is.EqualTo(new[] { 0, 25, 50, 74, 99 }.Select(i => all.Signal[i])).Within(1e-12));
            Assert.That(seen, Is.EqualTo(new[] { 99, 74, 50, 25, 0 }));
        });

        Tensor Remember(Tensor x, float timestep)
        {
            seen.Add(timestep);
            return x;
        }
    }

    [TestCase(false, false)]
    [TestCase(true, false)]
    [TestCase(false, true)]
    [TestCase(true, true)]
    public void Sample_OfTheBestModel_HasTheDistributionOfTheData(bool implicitly, bool predictsNoise)
    {
        const double Mean = 2;
        const double Deviation = 0.5;
        using MemoryScope scope = new();
        GaussianDiffusion diffusion = new(60, NoiseSchedule.Cosine, predictsNoise, largeVariance: false);
        Tensor noise = Ops.RandomNormal([4000, 1], new RandomStream(1));

        // What is best known of data from N(2, 0.25) when they are seen in noise.
        Tensor Best(Tensor x, Tensor t)
        {
            double signal = diffusion.Signal[(int)t.ToArray()[0]];
            double gain = Math.Sqrt(signal) * Deviation * Deviation / ((signal * Deviation * Deviation) + 1 - signal);
            Tensor data = Ops.AddScalar(Ops.MultiplyScalar(Ops.AddScalar(x, (float)(-Math.Sqrt(signal) * Mean)), (float)gain), (float)Mean);
            return predictsNoise
                ? Ops.MultiplyScalar(Ops.Subtract(x, Ops.MultiplyScalar(data, (float)Math.Sqrt(signal))), (float)(1 / Math.Sqrt(1 - signal)))
                : data;
        }

        float[] samples = (implicitly ? diffusion.SampleImplicit(Best, noise) : diffusion.Sample(Best, noise, new RandomStream(2))).ToArray();

        double mean = samples.Average();
        Assert.That(mean, Is.EqualTo(Mean).Within(0.05));
        Assert.That(Math.Sqrt(samples.Average(x => (x - mean) * (x - mean))), Is.EqualTo(Deviation).Within(0.05));
    }

    [Test]
    public void Loss_IsTheErrorOfTheModelOnNoisedRows()
    {
        using MemoryScope scope = new();
        GaussianDiffusion diffusion = new(50);
        (Tensor data, Tensor noise) = (Tensor.From([1f, 2], [2, 1]), Tensor.From([0.5f, -1], [2, 1]));
        double Noised(int step, double x, double e) => (Math.Sqrt(diffusion.Signal[step]) * x) + (Math.Sqrt(1 - diffusion.Signal[step]) * e);
        double expected = (Math.Pow(Noised(10, 1, 0.5) + 10 - 1, 2) + Math.Pow(Noised(40, 2, -1) + 40 - 2, 2)) / 2;
        Assert.That(diffusion.Loss((x, t) => Ops.Add(x, t), data, [10, 40], noise).ToScalar(), Is.EqualTo(expected).Within(1e-3));
    }

    [Test]
    public void Errors_SayWhatMustHold() => Assert.Multiple(() =>
    {
        Assert.That(() => new GaussianDiffusion(10), Throws.ArgumentException.With.Message.StartsWith("GaussianDiffusion: the linear schedule needs more than 20 steps; got 10."));
        Assert.That(
            () => new GaussianDiffusion(100).Spaced(101), Throws.ArgumentException.With.Message.StartsWith("GaussianDiffusion: between 1 and 100 steps can be kept; got 101."));
    });
}
