using HyperKernels.Tests.Gpu;

namespace HyperKernels.Tests;

/// <summary>Gradients of weights that many ops share, as in a recurrent net: what the ops give is collected before it is multiplied.</summary>
public sealed class SharedWeightTests
{
    private const int Rows = 32;
    private const int Outputs = 96;
    private const int Inputs = 80;

    // Below the uses from which collecting pays, just there, and more rows than are collected at once.
    private static readonly int[] s_steps = [1, 3, 4, 7, 8, 9, 21];

    [Test]
    public void Backward_OfMatmulBySharedWeight_AddsTheProductsOfAllSteps([ValueSource(nameof(s_steps))] int steps, [Values] bool transposed) =>
        Check(
            transposed ? [Outputs, Inputs] : [Inputs, Outputs],
            steps,
            (x, weight) => Ops.Matmul(x, weight, transposeB: transposed),
            (gradient, x, sum) => AddProduct(transposed ? gradient : x, transposed ? x : gradient, sum));

    [Test]
    public void Backward_OfLinearBySharedWeight_AddsTheProductsOfAllSteps([ValueSource(nameof(s_steps))] int steps) =>
        Check([Outputs, Inputs], steps, (x, weight) => Ops.Linear(x, weight), (gradient, x, sum) => AddProduct(gradient, x, sum));

    [Test]
    public void Backward_OfSeveralMatricesForOneInput_AddsTheProductsOfEach([ValueSource(nameof(s_steps))] int steps) =>
        Check(
            [3, Outputs, Inputs],
            steps,
            (x, weight) => Ops.Matmul(x, weight, transposeB: true),
            (gradient, x, sum) =>
            {
                for (int matrix = 0; matrix < 3; matrix++)
                {
                    int size = Outputs * Inputs;
                    double[] part = sum[(matrix * size)..((matrix + 1) * size)];
                    AddProduct(gradient[(matrix * Rows * Outputs)..((matrix + 1) * Rows * Outputs)], x, part);
                    part.CopyTo(sum, matrix * size);
                }
            });

    [Test]
    public void Backward_OnOpenCL_AddsTheProductsOfAllSteps()
    {
        using (Device.Use(Gpus.OpenCL))
        {
            Backward_OfSeveralMatricesForOneInput_AddsTheProductsOfEach(9);
            Backward_OfLinearBySharedWeight_AddsTheProductsOfAllSteps(9);
        }
    }

    [Test]
    public void Gradient_OfGradientOfSharedWeight_IsTheSameAsOfOneUse()
    {
        using Tape tape = new();
        Tensor weight = tape.Watch(Tensor.From(Normal(4, Outputs * Inputs), [Outputs, Inputs]));
        Tensor x = Tensor.From(Normal(5, Rows * Inputs), [Rows, Inputs]);
        Tensor loss = Tensor.Zeros([]);
        for (int step = 0; step < 6; step++)
        {
            loss += Ops.Sum(Ops.Square(Ops.Matmul(x, weight, transposeB: true)));
        }
        Tensor first = tape.Gradient(loss, weight, differentiable: true);
        Tensor second = tape.Gradient(Ops.Sum(first), weight);
        // The loss is 6 |x W^T|^2: its gradient 12 W x^T x, and that of its sum 12 (sum of the rows of x^T x) for every row of W.
        float[] moments = Ops.Sum(Ops.Matmul(x, x, transposeA: true), [0]).ToArray();
        float[] expected = [.. Enumerable.Range(0, Outputs).SelectMany(_ => moments.Select(m => 12 * m))];

        Assert.That(second.ToArray(), Is.EqualTo(expected).Within(2e-2));
    }

    private static void Check(int[] shape, int steps, Func<Tensor, Tensor, Tensor> op, Action<float[], float[], double[]> addExpected)
    {
        int count = shape.Aggregate(1, (product, size) => product * size);
        float[] values = Normal(1, count);
        using Parameter parameter = new("weight", values, new Shape(shape));
        // The weight's own square takes part as well, so that not all of the gradient is a product.
        double[] expected = [.. values.Select(v => (double)v)];
        float[] first = [];
        using Tape tape = new();
        Tensor weight = parameter.Value;
        Tensor loss = Ops.Sum(weight * weight) * 0.5f;
        for (int step = 0; step < steps; step++)
        {
            float[] x = Normal(100 + step, Rows * Inputs);
            Tensor y = op(Tensor.From(x, [Rows, Inputs]), weight);
            float[] gradient = Normal(200 + step, (int)y.Count);
            loss += Ops.Sum(y * Tensor.From(gradient, y.Shape));
            addExpected(gradient, x, expected);
        }
        for (int pass = 0; pass < 2; pass++)
        {
            tape.Backward(loss);
            Assert.That(tape.TryGetGradient(weight, out Tensor found), Is.True);
            float[] result = found.ToArray();
            Assert.That(result, Is.EqualTo(expected.Select(v => (float)v)).Within(1e-3));
            Assert.That(first.Length == 0 || first.SequenceEqual(result), Is.True, "a second pass gives the same bits");
            first = result;
        }
    }

    private static float[] Normal(int seed, int count)
    {
        float[] values = new float[count];
        new RandomStream((ulong)seed).FillNormal(values);
        return values;
    }

    // sum += left^T right for [Rows, M] and [Rows, N].
    private static void AddProduct(float[] left, float[] right, double[] sum)
    {
        int m = left.Length / Rows;
        int n = right.Length / Rows;
        for (int i = 0; i < m; i++)
        {
            for (int j = 0; j < n; j++)
            {
                for (int row = 0; row < Rows; row++)
                {
                    sum[(i * n) + j] += (double)left[(row * m) + i] * right[(row * n) + j];
                }
            }
        }
    }
}
