namespace HyperKernels.Tests.Gpu;

/// <summary>Products large enough for every size of tile, and deep enough to be cut, on a device against the processor: values and all gradients.</summary>
public sealed class LargeProductTests
{
    [TestCase(197, 130, 301)]
    [TestCase(40, 3000, 50)]
    [TestCase(70, 90, 75)]
    [TestCase(3, 5000, 2)]
    [TestCase(5000, 33, 4)]
    public void Matmul_GivesWhatTheProcessorGives(int rows, int depth, int columns) =>
        Compare([[rows, depth], [depth, columns]], v => Ops.Matmul(v[0], v[1]));

    [Test]
    public void Linear_WithActivation_GivesWhatTheProcessorGives([Values(130, 8000)] int depth) =>
        Compare([[150, depth], [140, depth], [140]], v => Ops.Linear(v[0], v[1], v[2], Activation.Tanh));

    [TestCase(3, 100, 104, 1)]
    [TestCase(3, 40, 42, 1)]
    [TestCase(4, 66, 68, 2)]
    public void Conv2d_GivesWhatTheProcessorGives(int batch, int inputs, int outputs, int groups) => Compare(
        [[batch, inputs, 9, 8], [outputs, inputs / groups, 3, 3], [outputs]],
        v => Ops.Conv2d(v[0], v[1], v[2], new Conv2dOptions(padding: 1, groups: groups)));

    // By rows in large tiles, by tiles of generated weights, and a single context.
    [TestCase(150, 2, 20, 100, 100)]
    [TestCase(9, 40, 30, 70, 50)]
    [TestCase(1, 1, 60, 70, 40)]
    public void GenerateLinear_GivesWhatTheProcessorGives(int contexts, int rows, int inputs, int outputs, int embedding) => Compare(
        [[contexts, rows, inputs], [contexts, embedding], [outputs, inputs, embedding], [outputs, inputs]],
        v => Ops.GenerateLinear(v[0], v[1], v[2], v[3], GeneratePlan.Tile));

    private static void Compare(Shape[] shapes, Func<Tensor[], Tensor> run)
    {
        float[][] expected = ResultAndGradients(Device.Cpu, shapes, run);
        float[][] actual = ResultAndGradients(Gpus.OpenCL, shapes, run);
        for (int i = 0; i < expected.Length; i++)
        {
            // A share of the largest magnitude, as in the catalogue.
            float allowed = 1e-5f * expected[i].Max(Math.Abs);
            Assert.That(actual[i], Is.EqualTo(expected[i]).Within(allowed), i == 0 ? "result" : $"gradient by input {i - 1}");
        }
    }

    private static float[][] ResultAndGradients(Device device, Shape[] shapes, Func<Tensor[], Tensor> run)
    {
        RandomStream random = new(1);
        using MemoryScope scope = device.Scope();
        using Tape tape = new();
        Tensor[] inputs = [.. shapes.Select(shape => tape.Watch(Normal(shape, device, random)))];
        Tensor result = run(inputs);
        Tensor[] gradients = tape.Gradient(result, inputs, Normal(result.Shape, device, random));
        return [result.ToArray(), .. gradients.Select(gradient => gradient.ToArray())];
    }

    private static Tensor Normal(Shape shape, Device device, RandomStream random)
    {
        float[] values = new float[shape.Count];
        random.FillNormal(values, 0, 0.1f);
        return Tensor.From(values, shape, device);
    }
}
