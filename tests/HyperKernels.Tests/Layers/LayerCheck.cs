using HyperKernels.Layers;

namespace HyperKernels.Tests.Layers;

/// <summary>Holds a layer against a plain computation in double precision: its output, and its gradients by central differences.</summary>
internal static class LayerCheck
{
    private const double Step = 1e-5;
    private const double Tolerance = 2e-5;

    /// <summary>What a layer should compute: all parameters in order, then all inputs, to the output's elements.</summary>
    internal delegate double[] Oracle(double[][] parameters, double[][] inputs);

    /// <summary>Checks a layer of one tensor.</summary>
    internal static void Run(TensorLayer layer, Shape input, Oracle oracle) => Run(layer, x => layer.Forward(x[0]), [input], oracle);

    /// <summary>Checks a layer of several tensors, or one of several results.</summary>
    internal static void Run(Layer layer, Func<Tensor[], Tensor> forward, Shape[] shapes, Oracle oracle)
    {
        RandomStream random = new(5);
        foreach (Parameter parameter in layer.Parameters)
        {
            // First values of norms are ones and zeros: too even to catch a mistake.
            Initializer.Uniform(-1, 1).Apply(parameter, random);
        }
        float[][] inputs = [.. shapes.Select(shape => Initializer.Normal().Draw(shape, random))];
        double[][] parameters = [.. layer.Parameters.Select(parameter => ToDouble(parameter.Value.ToArray()))];
        double[][] wideInputs = [.. inputs.Select(ToDouble)];
        double[] expected = oracle(parameters, wideInputs);

        using Tape tape = new();
        Tensor[] tensors = [.. inputs.Select((values, i) => tape.Watch(Tensor.From(values, shapes[i])))];
        Tensor output = forward(tensors);
        Compare("output", output.ToArray(), expected);

        float[] weights = Initializer.Normal().Draw(output.Shape, random);
        tape.Backward(output, Tensor.From(weights, output.Shape));

        IReadOnlyList<NamedParameter> named = layer.NamedParameters();
        for (int i = 0; i < named.Count; i++)
        {
            CompareGradient(tape, named[i].Name, named[i].Parameter.Value, parameters[i], () => Weigh(oracle(parameters, wideInputs), weights));
        }
        for (int i = 0; i < tensors.Length; i++)
        {
            CompareGradient(tape, $"input {i}", tensors[i], wideInputs[i], () => Weigh(oracle(parameters, wideInputs), weights));
        }
    }

    /// <summary>Checks values against others; the tolerance is relative to the largest expected magnitude.</summary>
    internal static void Compare(string what, float[] actual, double[] expected)
    {
        Assert.That(actual, Has.Length.EqualTo(expected.Length), what);
        double scale = expected.Length == 0 ? 0 : expected.Max(Math.Abs);
        for (int i = 0; i < actual.Length; i++)
        {
            Assert.That((double)actual[i], Is.EqualTo(expected[i]).Within((Tolerance * scale) + 1e-7), $"{what} at {i}");
        }
    }

    private static void CompareGradient(Tape tape, string what, Tensor of, double[] values, Func<double> loss)
    {
        double[] differences = new double[values.Length];
        for (int i = 0; i < values.Length; i++)
        {
            double value = values[i];
            values[i] = value + Step;
            double above = loss();
            values[i] = value - Step;
            double below = loss();
            values[i] = value;
            differences[i] = (above - below) / (2 * Step);
        }
        float[] gradient = tape.TryGetGradient(of, out Tensor found) ? found.ToArray() : new float[values.Length];
        Compare($"gradient of {what}", gradient, differences);
    }

    private static double Weigh(double[] output, float[] weights)
    {
        double sum = 0;
        for (int i = 0; i < output.Length; i++)
        {
            sum += output[i] * weights[i];
        }
        return sum;
    }

    private static double[] ToDouble(float[] values) => Array.ConvertAll(values, static value => (double)value);
}
