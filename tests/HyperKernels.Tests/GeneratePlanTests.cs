using HyperKernels.Backends.Cpu;
using HyperKernels.Cases.Sized;
using HyperKernels.Tests.Gpu;

namespace HyperKernels.Tests;

/// <summary>The planner of generate-and-apply, and what its plans may cost.</summary>
public sealed class GeneratePlanTests
{
    private static readonly GeneratePlan[] s_plans = [GeneratePlan.Materialise, GeneratePlan.Tile, GeneratePlan.Reassociate];

    [TestCase(33, 1, 20, 18, 16)]
    [TestCase(130, 2, 17, 131, 5)]
    [TestCase(2, 40, 70, 30, 33)]
    public void GenerateLinear_EveryPlan_GivesTheSameResultAndGradients(int batch, int rows, int inputs, int outputs, int embedding)
    {
        float[][] first = Run(s_plans[0], batch, rows, inputs, outputs, embedding);
        foreach (GeneratePlan plan in s_plans.AsSpan(1))
        {
            float[][] other = Run(plan, batch, rows, inputs, outputs, embedding);
            for (int i = 0; i < first.Length; i++)
            {
                Assert.That(other[i], Is.EqualTo(first[i]).Within(2e-5f * first[i].Max(MathF.Abs)), $"{plan}, result {i}");
            }
        }
    }

    [TestCase(64, 1, 64, GeneratePlan.Reassociate)]
    [TestCase(64, 16, 64, GeneratePlan.Materialise)]
    [TestCase(1, 16, 64, GeneratePlan.Tile)]
    [TestCase(1, 1, 8, GeneratePlan.Tile)]
    [TestCase(1, 16, 8, GeneratePlan.Tile)]
    [TestCase(8, 1, 64, GeneratePlan.Tile)]
    [TestCase(2, 16, 4, GeneratePlan.Tile)]
    [TestCase(8, 1, 8, GeneratePlan.Reassociate)]
    [TestCase(32, 4, 64, GeneratePlan.Tile)]
    public void PlanOf_KnownCases_FollowsTheRows(int batch, int rows, int embedding, GeneratePlan expected)
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        using MemoryScope scope = Device.Cpu.Scope();
        Assert.That(Ops.PlanOf(Tensor.Zeros([batch, rows, 64]), Tensor.Zeros([batch, embedding]), Tensor.Zeros([64, 64, embedding])), Is.EqualTo(expected));
    }

    [Test]
    public void PlanOf_WithGradients_KeepsTheWeightsForThem()
    {
        using DeviceUse use = Device.Use(Device.Cpu);
        using Tape tape = new();
        Tensor x = Tensor.Zeros([8, 4, 64]), z = Tensor.Zeros([8, 64]), generator = Tensor.Zeros([64, 64, 64]);
        Assert.That(Ops.PlanOf(x, z, generator), Is.EqualTo(GeneratePlan.Tile), "nothing is watched: inference");
        tape.Watch(z);
        Assert.That(Ops.PlanOf(x, z, generator), Is.EqualTo(GeneratePlan.Materialise));
    }

    [Test]
    public void GenerateLinear_ByOneTile_GivesTheBitsOfMaterialising()
    {
        // Inference tiles where a step materialises: the same products in the same order.
        using DeviceUse use = Device.Use(Device.Cpu);
        using MemoryScope scope = Device.Cpu.Scope();
        RandomStream random = new(5);
        Tensor x = Ops.RandomNormal([16, 4, 64], random), z = Ops.RandomNormal([16, 33], random), generator = Ops.RandomNormal([64, 64, 33], random);
        Assert.That(
            Ops.GenerateLinear(x, z, generator, plan: GeneratePlan.Tile).ToArray(),
            Is.EqualTo(Ops.GenerateLinear(x, z, generator, plan: GeneratePlan.Materialise).ToArray()));
    }

    // Five tiles: three threads share them out, four go through them together. The other plan cuts the rows by the threads, with a short last cut.
    [TestCase(GeneratePlan.Tile, 3, 130)]
    [TestCase(GeneratePlan.Tile, 4, 130)]
    [TestCase(GeneratePlan.Reassociate, 2, 17)]
    [TestCase(GeneratePlan.Reassociate, 4, 35)]
    [TestCase(GeneratePlan.Reassociate, 3, 130)]
    public void GenerateLinear_OnMoreThreads_GivesTheSameBits(GeneratePlan plan, int threads, int batch)
    {
        float[][][] results = [.. ((int[])[1, threads]).Select(count =>
        {
            using Device device = new(new CpuBackend(CpuBackend.WidestVector, count));
            using DeviceUse use = Device.Use(device);
            return Run(plan, batch, 2, 17, 131, 5);
        })];
        Assert.That(results[1], Is.EqualTo(results[0]));
    }

    [Test]
    public void GenerateLinear_WithoutOutputs_GivesZeroGradients([ValueSource(nameof(s_plans))] GeneratePlan plan, [Values(1, 2)] int threads)
    {
        using Device device = new(new CpuBackend(CpuBackend.WidestVector, threads));
        using DeviceUse use = Device.Use(device);
        float[][] results = Run(plan, 3, 1, 4, 0, 5);
        Assert.That(results[0], Is.Empty);
        Assert.That(results[1], Is.EqualTo(new float[3 * 4]));
        Assert.That(results[2], Is.EqualTo(new float[3 * 5]));
    }

    // Many contexts, many rows, wide rows of weights, one output, primes, a long embedding. Hundreds of rows in each context would add the
    // panels of their product, which any plan needs.
    [TestCase(128, 1, 128, 128, 64)]
    [TestCase(64, 64, 256, 256, 32)]
    [TestCase(3, 2, 16_384, 40, 5)]
    [TestCase(1000, 3, 200, 1, 100)]
    [TestCase(131, 17, 127, 61, 31)]
    [TestCase(8, 4, 256, 256, 128)]
    [TestCase(2, 16, 100_000, 3, 2)]
    public void GenerateLinear_ByTiles_TakesAtMostAMegabytePerThread(int batch, int rows, int inputs, int outputs, int embedding)
    {
        // A thread of its own has no buffers yet, and a device of one thread works on it alone.
        long bytes = 0;
        Thread thread = new(() =>
        {
            using Device device = new(new CpuBackend(CpuBackend.WidestVector, 1));
            using DeviceUse use = Device.Use(device);
            Run(GeneratePlan.Tile, batch, rows, inputs, outputs, embedding);
            bytes = WorkBuffer.ThreadBytes;
        });
        thread.Start();
        thread.Join();
        Assert.That(bytes, Is.GreaterThan(0).And.LessThanOrEqualTo(1 << 20));
    }

    [TestCase(64, 1, 64, GeneratePlan.Reassociate)]
    [TestCase(64, 16, 64, GeneratePlan.Materialise)]
    [TestCase(64, 16, 2, GeneratePlan.Reassociate)]
    [TestCase(20_000, 4, 64, GeneratePlan.Tile)]
    public void PlanOf_OnAGpu_FollowsTheRowsAndTheMemory(int batch, int rows, int embedding, GeneratePlan expected)
    {
        Device device = Gpus.OpenCL;
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.Zeros([batch, rows, 64], device);
        Assert.That(Ops.PlanOf(x, Tensor.Zeros([batch, embedding], device), Tensor.Zeros([64, 64, embedding], device)), Is.EqualTo(expected));
    }

    [TestCase(GeneratePlan.Tile)]
    [TestCase(GeneratePlan.Reassociate)]
    public void GenerateLinear_WithoutMaterialising_TakesNoMemoryForWeights(GeneratePlan plan)
    {
        // 256 weight sets of 128 by 128 would be 16 MiB; operands and result are 0.8 MiB.
        using Device device = new(new CpuBackend(CpuBackend.WidestVector, 1));
        using MemoryScope scope = device.Scope();
        Tensor x = Tensor.Ones([256, 1, 128], device);
        Tensor z = Tensor.Ones([256, 8], device);
        Tensor generator = Tensor.Ones([128, 128, 8], device);
        long before = device.Memory.PeakBytes;
        Ops.GenerateLinear(x, z, generator, plan: plan);
        Assert.That(device.Memory.PeakBytes - before, Is.LessThan(1 << 20));
    }

    [Test]
    [Category("Long")]
    [Explicit("times every plan at 72 sizes; the machine must be idle: half a minute")]
    public void Planner_OnTheGrid_LosesLittleToTheBestPlan()
    {
        Device.Cpu.Threads = 1;
        foreach (string sizes in PlanSuite.All)
        {
            PlanTiming best = Enumerable.Range(0, 3).Select(_ => PlanSuite.Measure(sizes, Device.Cpu, CancellationToken.None)).Aggregate((a, b) => a.Best(b));
            Assert.That(Math.Max(best.ForwardLoss, best.TrainLoss), Is.LessThan(0.05), sizes);
        }
    }

    private static float[][] Run(GeneratePlan plan, int batch, int rows, int inputs, int outputs, int embedding)
    {
        RandomStream random = new(3);
        using Tape tape = new();
        Tensor x = Ops.RandomNormal([batch, rows, inputs], random);
        Tensor z = Ops.RandomNormal([batch, embedding], random);
        Tensor generator = Ops.RandomNormal([outputs, inputs, embedding], random);
        Tensor weight = Ops.RandomNormal([outputs, inputs], random);
        Tensor[] leaves = [tape.Watch(x), tape.Watch(z), tape.Watch(generator), tape.Watch(weight)];
        Tensor y = Ops.GenerateLinear(x, z, generator, weight, plan);
        return [y.ToArray(), .. tape.Gradient(y, leaves, Ops.RandomNormal(y.Shape, random)).Select(gradient => gradient.ToArray())];
    }
}
