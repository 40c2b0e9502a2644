namespace HyperKernels.Tests;

/// <summary>The scope that allows products less precision: where it holds, and that the processor gives float32 all the same.</summary>
public sealed class PrecisionTests
{
    [Test]
    public void Use_Nested_GivesBackWhatWasBefore()
    {
        Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.Float32));
        using (Precision.Use(MatmulPrecision.TF32))
        {
            using (Precision.Use(MatmulPrecision.Float32))
            {
                Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.Float32));
            }
            Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.TF32));
        }
        Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.Float32));
    }

    [Test]
    public async Task Use_AcrossAwait_FollowsTheFlowAndNoOther()
    {
        Task<MatmulPrecision> inside;
        using (Precision.Use(MatmulPrecision.BFloat16))
        {
            await Task.Yield();
            Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.BFloat16));
            inside = Task.Run(() => Precision.Current);
            await Task.Run(() => Precision.Use(MatmulPrecision.TF32));
            Assert.That(Precision.Current, Is.EqualTo(MatmulPrecision.BFloat16));
        }
        Assert.That(await inside, Is.EqualTo(MatmulPrecision.BFloat16));
        Assert.That(await Task.Run(() => Precision.Current), Is.EqualTo(MatmulPrecision.Float32));
    }

    [Test]
    public void Use_OfAnUnknownPrecision_Throws() =>
        Assert.That(() => Precision.Use((MatmulPrecision)7), Throws.TypeOf<ArgumentException>().With.Message.Contains("must be one of MatmulPrecision; got 7"));

    [Test]
    public void Matmul_OnTheProcessor_IsFloat32AtEveryPrecision([Values(MatmulPrecision.TF32, MatmulPrecision.BFloat16)] MatmulPrecision precision)
    {
        float[] values = new float[70 * 70];
        new RandomStream(3).FillNormal(values, 0, 1);
        using MemoryScope scope = Device.Cpu.Scope();
        Tensor a = Tensor.From(values, [70, 70], Device.Cpu);
        float[] exact = Ops.Linear(a, Ops.Matmul(a, a)).ToArray();
        using PrecisionUse use = Precision.Use(precision);
        Assert.That(Ops.Linear(a, Ops.Matmul(a, a)).ToArray(), Is.EqualTo(exact));
    }
}
