using HyperKernels.Gpu;

namespace HyperKernels.Tests.Gpu;

/// <summary>
/// The kernels for tensor cores, run by OpenCL with emulated ones, which work out each fragment as the PTX manual lays it out: against double precision
/// on operands rounded here, and within the documented error of the exact product.
/// </summary>
public sealed class TensorCoreTests
{
    private static Device? s_device;

    private static Device Emulating => s_device ??= Open();

    [OneTimeTearDown]
    public void Close()
    {
        s_device?.Dispose();
        s_device = null;
    }

    [Test]
    public void Matmul_OfAnySize_RoundsOperandsAndNothingElse(
        [Values(MatmulPrecision.TF32, MatmulPrecision.BFloat16)] MatmulPrecision precision,
        [Values("64 1 64", "128 64 128", "130 77 197", "67 32 300", "64 3000 70")] string size,
        [Values] bool transposeA,
        [Values] bool transposeB)
    {
        int[] s = [.. size.Split(' ').Select(int.Parse)];
        Check(precision, 1, s[0], s[1], s[2], transposeA, transposeB);
    }

    [Test]
    public void Matmul_OfABatch_RoundsOperandsAndNothingElse([Values(MatmulPrecision.TF32, MatmulPrecision.BFloat16)] MatmulPrecision precision, [Values] bool transposeB) =>
        Check(precision, 3, 75, 50, 61, false, transposeB);

    [Test]
    public void Linear_OfStridedRowsWithBiasAndActivation_GivesValueAndGradients([Values(MatmulPrecision.TF32, MatmulPrecision.BFloat16)] MatmulPrecision precision)
    {
        Shape[] shapes = [new(150, 80), new(140, 67), new(140)];
        float[][] exact = Linear(Device.Cpu, MatmulPrecision.Float32, shapes);
        float[][] actual = Linear(Emulating, precision, shapes);
        float[][] outside = Linear(Emulating, MatmulPrecision.Float32, shapes);
        float share = precision == MatmulPrecision.TF32 ? 1e-3f : 8e-3f;
        Assert.Multiple(() =>
        {
            for (int i = 0; i < exact.Length; i++)
            {
                float largest = exact[i].Max(Math.Abs);
                Assert.That(actual[i], Is.EqualTo(exact[i]).Within(share * largest), $"part {i}");
                Assert.That(outside[i], Is.EqualTo(exact[i]).Within(1e-5f * largest), $"part {i} in float32");
            }
            Assert.That(actual[0], Is.Not.EqualTo(exact[0]).Within(share / 100 * exact[0].Max(Math.Abs)), "came from the kernels for tensor cores");
        });
    }

    [Test]
    public void Matmul_OfInfinityAndNotANumber_KeepsThem([Values(MatmulPrecision.TF32, MatmulPrecision.BFloat16)] MatmulPrecision precision)
    {
        float[] left = new float[64 * 64], right = new float[64 * 64];
        left[5] = float.PositiveInfinity;
        left[64 + 5] = float.NaN;
        left[128 + 5] = -1.5f;
        Array.Fill(right, 1, 5 * 64, 64);
        float[] result = Product(precision, left, [64, 64], right, [64, 64], false, false);
        Assert.That(result[..64], Is.All.EqualTo(float.PositiveInfinity));
        Assert.That(result[64..128], Is.All.NaN);
        Assert.That(result[128..192], Is.All.EqualTo(-1.5f));
    }

    private static void Check(MatmulPrecision precision, int batch, int m, int k, int n, bool transposeA, bool transposeB)
    {
        float[] a = Normal(batch * m * k, 1), b = Normal(batch * k * n, 2);
        float[] actual = Product(precision, a, transposeA ? [batch, k, m] : [batch, m, k], b, transposeB ? [batch, n, k] : [batch, k, n], transposeA, transposeB);
        double share = precision == MatmulPrecision.TF32 ? Math.ScaleB(1, -10) : Math.ScaleB(1, -7);
        double fromRounded = 0, fromExact = 0;
        for (int at = 0; at < actual.Length; at++)
        {
            int matrix = at / (m * n), row = at / n % m, column = at % n;
            double exact = 0, rounded = 0, sum = 0;
            for (int i = 0; i < k; i++)
            {
                float x = a[(matrix * m * k) + (transposeA ? (i * m) + row : (row * k) + i)];
                float y = b[(matrix * k * n) + (transposeB ? (column * k) + i : (i * n) + column)];
                exact += (double)x * y;
                rounded += (double)Round(x, precision) * Round(y, precision);
                sum += Math.Abs((double)x * y);
            }
            fromRounded = Math.Max(fromRounded, Math.Abs(actual[at] - rounded) / sum);
            fromExact = Math.Max(fromExact, Math.Abs(actual[at] - exact) / sum);
        }
        Assert.Multiple(() =>
        {
            // What is left is the float32 sums' own rounding.
            Assert.That(fromRounded, Is.LessThan(1e-5), "from the product of rounded operands");
            Assert.That(fromExact, Is.LessThan(share * 1.01), "from the exact product");
        });
    }

    private static float[] Product(MatmulPrecision precision, float[] a, Shape shapeA, float[] b, Shape shapeB, bool transposeA, bool transposeB)
    {
        using MemoryScope scope = Emulating.Scope();
        using PrecisionUse use = Precision.Use(precision);
        return Ops.Matmul(Tensor.From(a, shapeA, Emulating), Tensor.From(b, shapeB, Emulating), transposeA, transposeB).ToArray();
    }

    private static float[][] Linear(Device device, MatmulPrecision precision, Shape[] shapes)
    {
        using MemoryScope scope = device.Scope();
        using PrecisionUse use = Precision.Use(precision);
        using Tape tape = new();
        Tensor[] inputs = [.. shapes.Select((shape, i) => tape.Watch(Tensor.From(Normal((int)shape.Count, (uint)i + 1), shape, device)))];
        // Rows that begin apart by more than they are long, at places that are no multiple of four.
        Tensor result = Ops.Linear(Ops.Slice(inputs[0], 1, 3, 67), inputs[1], inputs[2], Activation.Tanh);
        Tensor[] gradients = tape.Gradient(result, inputs, Tensor.From(Normal((int)result.Shape.Count, 9), result.Shape, device));
        return [result.ToArray(), .. gradients.Select(gradient => gradient.ToArray())];
    }

    // To nearest; ties away from zero for TF32, to even for bfloat16, as the PTX manual has cvt.rna.tf32 and cvt.rn.bf16x2.
    private static float Round(float x, MatmulPrecision precision)
    {
        uint bits = BitConverter.SingleToUInt32Bits(x);
        bits = precision == MatmulPrecision.TF32 ? (bits + 0x1000) & ~0x1FFFu : (bits + 0x7FFF + ((bits >> 16) & 1)) & ~0xFFFFu;
        return BitConverter.UInt32BitsToSingle(bits);
    }

    private static float[] Normal(int count, uint seed)
    {
        float[] values = new float[count];
        new RandomStream(seed).FillNormal(values, 0, 0.3f);
        return values;
    }

    private static Device Open() => new(new GpuBackend(Gpus.OpenAnotherOpenCL()) { UsesTensorCores = true });
}
