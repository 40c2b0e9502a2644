using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Tests.Models;

public sealed class PolyhistorAdapterTests
{
    private const int Features = 6;
    private const int Bottleneck = 4;
    private const int Kernel = 2;
    private const int Conditions = 3;
    private const int Rank = 2;

    [Test]
    public void Forward_IsTheKroneckerProductOfKernelAndTemplate_ForEverySample()
    {
        using MemoryScope scope = new();
        using PolyhistorAdapter layer = Make();
        Tensor x = Ops.RandomNormal([4, 2, Features], new RandomStream(2));
        Tensor tasks = Ops.RandomNormal([2, Conditions], new RandomStream(3));
        float[] actual = layer.Forward(x, tasks, layer: 1).ToArray();
        for (int sample = 0; sample < 4; sample++)
        {
            double[,] down = Matrix(layer, "down", tasks, sample / 2, Bottleneck, Features);
            double[,] up = Matrix(layer, "up", tasks, sample / 2, Features, Bottleneck);
            for (int row = 0; row < 2; row++)
            {
                double[] input = [.. x.ToArray().Skip(((sample * 2) + row) * Features).Take(Features).Select(value => (double)value)];
                double[] inside = [.. Times(down, input, Values(layer, "down_biases"), Bottleneck).Select(value => Math.Max(0, value))];
                double[] change = Times(up, inside, Values(layer, "up_biases"), Features);
                for (int i = 0; i < Features; i++)
                {
                    Assert.That(actual[(((sample * 2) + row) * Features) + i], Is.EqualTo(input[i] + change[i]).Within(1e-4));
                }
            }
        }
    }

    [Test]
    public void Fresh_ChangesNothing_AndLearns()
    {
        using MemoryScope scope = new();
        using PolyhistorAdapter layer = new(Features, Bottleneck, layers: 2, Conditions, Kernel, Rank, new RandomStream(1));
        Tensor x = Ops.RandomNormal([3, Features], new RandomStream(2));
        Tensor tasks = Ops.RandomNormal([3, Conditions], new RandomStream(3));
        Assert.That(layer.Forward(x, tasks, layer: 0).ToArray(), Is.EqualTo(x.ToArray()));
        using Tape tape = new();
        tape.Backward(Ops.Sum(Ops.Square(layer.Forward(x, tasks, layer: 0))));
        Assert.That(tape.TryGetGradient(layer.NamedParameters().Single(named => named.Name == "up_head").Parameter.Value, out Tensor gradient));
        Assert.That(Ops.Sum(Ops.Abs(gradient)).ToScalar(), Is.GreaterThan(0));
    }

    [Test]
    public void Save_BringsBackTheSameAnswers()
    {
        using TestData.TemporaryFolder folder = TestData.Temporary();
        using MemoryScope scope = new();
        using PolyhistorAdapter layer = Make();
        layer.Save(folder.File("polyhistor.safetensors"));
        using PolyhistorAdapter again = Layer.Load<PolyhistorAdapter>(folder.File("polyhistor.safetensors"));
        Tensor x = Ops.RandomNormal([3, Features], new RandomStream(2));
        Tensor tasks = Ops.RandomNormal([1, Conditions], new RandomStream(3));
        Assert.That(again.Forward(x, tasks, layer: 1).ToArray(), Is.EqualTo(layer.Forward(x, tasks, layer: 1).ToArray()));
    }

    [Test]
    public void Sizes_ThatDoNotFit_AreRefused()
    {
        using MemoryScope scope = new();
        using PolyhistorAdapter layer = Make();
        Assert.That(
            () => new PolyhistorAdapter(6, 4, 2, 3, kernel: 4),
            Throws.ArgumentException.With.Message.StartsWith("PolyhistorAdapter: sizes must be at least 1, and the kernel must divide features and bottleneck; got 6 features"));
        Assert.That(
            () => layer.Forward(Tensor.Ones([2, Features]), Tensor.Ones([1, Conditions]), layer: 2),
            Throws.ArgumentException.With.Message.StartsWith("PolyhistorAdapter: input must be [samples, ..., 6], tasks [sets, 3], and the layer from 0 to 1; got"));
    }

    private static PolyhistorAdapter Make()
    {
        PolyhistorAdapter layer = new(Features, Bottleneck, layers: 2, Conditions, Kernel, Rank, new RandomStream(1));
        // Nothing stays at zero, so that every part counts.
        int seed = 10;
        foreach (NamedParameter named in layer.NamedParameters())
        {
            Initializer.Normal().Apply(named.Parameter, new RandomStream((ulong)seed++));
        }
        return layer;
    }

    private static double[] Values(PolyhistorAdapter layer, string name) =>
        [.. layer.NamedParameters().Single(named => named.Name == name).Parameter.Value.ToArray().Select(value => (double)value)];

    private static double[,] Matrix(PolyhistorAdapter layer, string way, Tensor tasks, int task, int rows, int columns)
    {
        (double[] thin, double[] head, double[] kernels) = (Values(layer, $"{way}_thin"), Values(layer, $"{way}_head"), Values(layer, $"{way}_kernels"));
        float[] z = tasks.ToArray();
        (int height, int width) = (rows / Kernel, columns / Kernel);
        double[,] result = new double[rows, columns];
        for (int row = 0; row < rows; row++)
        {
            for (int column = 0; column < columns; column++)
            {
                double template = 0;
                for (int k = 0; k < Rank; k++)
                {
                    double inner = 0;
                    for (int c = 0; c < Conditions; c++)
                    {
                        inner += thin[(k * Conditions) + c] * z[(task * Conditions) + c];
                    }
                    template += head[((((row % height) * width) + (column % width)) * Rank) + k] * inner;
                }
                // Of the second layer.
                result[row, column] = kernels[(Kernel * Kernel) + (row / height * Kernel) + (column / width)] * template;
            }
        }
        return result;
    }

    private static double[] Times(double[,] matrix, double[] x, double[] biases, int rows)
    {
        double[] y = new double[rows];
        for (int row = 0; row < rows; row++)
        {
            y[row] = biases[rows + row] + x.Select((value, column) => matrix[row, column] * value).Sum();
        }
        return y;
    }
}
