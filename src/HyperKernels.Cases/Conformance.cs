using HyperKernels.Backends;

namespace HyperKernels.Cases;

/// <summary>The properties that every case must have on every backend.</summary>
public static class Conformance
{
    // Elements of each input whose derivative is compared with differences; the rest would only repeat the same code.
    private const int GradientSamples = 24;

    /// <summary>The processor at every vector width it has, scalar code included, the widest first.</summary>
    public static IReadOnlyList<Device> Processors { get; } =
        [Device.Cpu, .. BackendRegistry.Find(Device.Cpu.Name)!.OpenVariants().Select(variant => new Device(variant))];

    /// <summary>Every device that the catalogue is checked on: the processors and what else is on this machine.</summary>
    public static IReadOnlyList<Device> Devices { get; } =
        [.. Processors, .. Device.All.Where(status => status.IsAvailable && status.Name != Device.Cpu.Name).Select(status => Device.Get(status.Name))];

    /// <summary>Arithmetic: the op's output against the oracle's.</summary>
    public static CaseResult Forward(OpCase row, Device device)
    {
        using MemoryScope scope = device.Scope();
        Plain[] inputs = row.MakeInputs();
        Plain expected = row.Oracle(inputs);
        Tensor output = row.Run(row.Upload(inputs, device));
        if (output.Shape != expected.Shape)
        {
            return Result(row, "forward", device, double.PositiveInfinity, row.Tolerance, $"shape: expected {expected.Shape}, got {output.Shape}");
        }
        (double error, string where) = Comparison.Largest(expected.Values, Floats(output));
        return Result(row, "forward", device, error, row.Tolerance, where);
    }

    /// <summary>Rules: gradients of a randomly weighted sum of the output against central differences of the oracle.</summary>
    public static CaseResult Gradient(OpCase row, Device device)
    {
        Plain[] inputs = row.MakeInputs();
        Random random = new(row.Seed + 7919);
        double[] weights = Weights(random, row.Oracle(inputs).Shape.Count);

        using Tape tape = new();
        Tensor[] tensors = row.Upload(inputs, device);
        Tensor[] watched = [.. tensors.Where((_, i) => row.Inputs[i].Differentiable).Select(tape.Watch)];
        Tensor output = row.Run(tensors);
        Tensor seed = Tensor.From(Array.ConvertAll(weights, w => (float)w), output.Shape, device);
        Tensor[] gradients = tape.Gradient(output, watched, seed);

        double worst = 0;
        string reason = "";
        int next = 0;
        for (int i = 0; i < inputs.Length; i++)
        {
            if (!row.Inputs[i].Differentiable)
            {
                continue;
            }
            float[] gradient = gradients[next++].ToArray();
            int[] samples = Samples(random, gradient.Length);
            double[] expected = [.. samples.Select(at => Difference(row, inputs, i, at, weights))];
            float[] actual = [.. samples.Select(at => gradient[at])];
            // The scale is that of the whole gradient: a sampled element may happen to be tiny.
            double floor = gradient.Length == 0 ? 1 : Math.Max(1e-3, gradient.Max(MathF.Abs));
            (double error, string where) = Comparison.Largest(expected, actual, floor);
            if (error > worst || double.IsNaN(error))
            {
                worst = error;
                reason = $"gradient of {row.Inputs[i].Name}, sample {where}";
            }
        }
        return Result(row, "gradient", device, worst, row.GradientTolerance, reason);
    }

    /// <summary>Rules of rules: the gradient of a weighted sum of the first gradient against mixed differences of the oracle.</summary>
    public static CaseResult SecondGradient(OpCase row, Device device)
    {
        Plain[] inputs = row.MakeInputs();
        Random random = new(row.Seed + 104729);
        double[] weights = Weights(random, row.Oracle(inputs).Shape.Count);
        double[][] directions = [.. inputs.Select(input => Weights(random, input.Shape.Count))];

        using Tape tape = new();
        Tensor[] tensors = row.Upload(inputs, device);
        int[] which = [.. Enumerable.Range(0, inputs.Length).Where(i => row.Inputs[i].Differentiable)];
        Tensor[] watched = [.. which.Select(i => tape.Watch(tensors[i]))];
        Tensor output = row.Run(tensors);
        Tensor seed = Tensor.From(Array.ConvertAll(weights, w => (float)w), output.Shape, device);
        Tensor[] first = tape.Gradient(output, watched, seed, differentiable: true);
        Tensor sum = Tensor.Zeros([], device);
        for (int k = 0; k < first.Length; k++)
        {
            Tensor direction = Tensor.From(Array.ConvertAll(directions[which[k]], d => (float)d), first[k].Shape, device);
            sum = Ops.Add(sum, Ops.Sum(Ops.Multiply(first[k], direction)));
        }
        Tensor[] second = tape.Tracks(sum) ? tape.Gradient(sum, watched) : [.. watched.Select(w => Tensor.Zeros(w.Shape, device))];

        double worst = 0;
        string reason = "";
        for (int k = 0; k < which.Length; k++)
        {
            float[] gradient = second[k].ToArray();
            int[] samples = Samples(random, gradient.Length);
            double[] expected = [.. samples.Select(at => MixedDifference(row, inputs, which, directions, which[k], at, weights))];
            float[] actual = [.. samples.Select(at => gradient[at])];
            double floor = gradient.Length == 0 ? 1 : Math.Max(1e-2, gradient.Max(MathF.Abs));
            (double error, string where) = Comparison.Largest(expected, actual, floor);
            if (error > worst || double.IsNaN(error))
            {
                worst = error;
                reason = $"second gradient by {row.Inputs[which[k]].Name}, sample {where}";
            }
        }
        return Result(row, "second gradient", device, worst, row.GradientTolerance * 10, reason);
    }

    /// <summary>Stray writes and use of memory that was not set: guard zones and NaN in fresh buffers.</summary>
    public static CaseResult StaysInItsBuffers(OpCase row, Device device)
    {
        // A pool of its own: guards change how memory is handed out.
        using Device guarded = new(device.Backend, shared: true);
        guarded.Memory.Guarded = true;
        try
        {
            // What other properties compare with the oracle must come out again: a NaN that was read would show.
            List<float[]> plain = Everything(row, device);
            List<float[]> results = Everything(row, guarded);
            int differing = plain.Zip(results, SameBits).ToList().IndexOf(false);
            return differing < 0
                ? Result(row, "guards", device, 0, 0, "")
                : Result(row, "guards", device, double.PositiveInfinity, 0, $"fresh memory that was not set was used in {What(differing)}");
        }
        catch (DeviceException failure)
        {
            return Result(row, "guards", device, double.PositiveInfinity, 0, failure.Message);
        }
    }

    /// <summary>Races and unordered sums: outputs and gradients are the same bits on a rerun and for one thread and several.</summary>
    public static CaseResult RepeatsBitForBit(OpCase row, Device device)
    {
        List<float[]> once = Everything(row, device);
        List<float[]> again = Everything(row, device);
        int threads = device.Threads;
        List<float[]> alone;
        device.Threads = threads == 1 ? 2 : 1;
        try
        {
            alone = Everything(row, device);
        }
        finally
        {
            device.Threads = threads;
        }
        for (int i = 0; i < once.Count; i++)
        {
            if (!SameBits(once[i], again[i]) || !SameBits(once[i], alone[i]))
            {
                string what = SameBits(once[i], again[i]) ? "another thread count" : "a rerun";
                return Result(row, "repeats", device, double.PositiveInfinity, 0, $"{what} gave other bits in {What(i)}");
            }
        }
        return Result(row, "repeats", device, 0, 0, "");
    }

    // How the results of Everything are called.
    private static string What(int result) => result == 0 ? "the output" : $"gradient {result - 1}";

    private static List<float[]> Everything(OpCase row, Device device)
    {
        using Tape tape = new();
        Plain[] inputs = row.MakeInputs();
        Tensor[] tensors = row.Upload(inputs, device);
        Tensor[] watched = [.. tensors.Where((_, i) => row.Inputs[i].Differentiable).Select(tape.Watch)];
        Tensor output = row.Run(tensors);
        List<float[]> results = [Floats(output)];
        if (watched.Length > 0)
        {
            double[] weights = Weights(new Random(row.Seed + 7919), output.Count);
            Tensor seed = Tensor.From(Array.ConvertAll(weights, w => (float)w), output.Shape, device);
            results.AddRange(tape.Gradient(output, watched, seed).Select(g => g.ToArray()));
        }
        return results;
    }

    private static bool SameBits(float[] a, float[] b) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(a).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(b));

    private static float[] Floats(Tensor output) =>
        output.ElementType == ElementType.Float32 ? output.ToArray() : Array.ConvertAll(output.ToIntArray(), v => (float)v);

    private static double[] Weights(Random random, long count)
    {
        double[] weights = new double[count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)((random.NextDouble() * 2) - 1);
        }
        return weights;
    }

    private static int[] Samples(Random random, int count) =>
        count <= GradientSamples ? [.. Enumerable.Range(0, count)] : [.. Enumerable.Range(0, GradientSamples).Select(_ => random.Next(count))];

    private static double WeightedSum(OpCase row, Plain[] inputs, double[] weights)
    {
        double[] values = row.Oracle(inputs).Values;
        double sum = 0;
        for (int i = 0; i < values.Length; i++)
        {
            sum += values[i] * weights[i];
        }
        return sum;
    }

    private static double Difference(OpCase row, Plain[] inputs, int input, int at, double[] weights)
    {
        Plain[] moved = [.. inputs];
        moved[input] = inputs[input].Clone();
        double value = inputs[input].Values[at];
        double step = 1e-6 * Math.Max(1, Math.Abs(value));
        moved[input].Values[at] = value + step;
        double above = WeightedSum(row, moved, weights);
        moved[input].Values[at] = value - step;
        double below = WeightedSum(row, moved, weights);
        return (above - below) / (2 * step);
    }

    private static double MixedDifference(OpCase row, Plain[] inputs, int[] which, double[][] directions, int input, int at, double[] weights)
    {
        const double Along = 1e-4;
        double Slope(double shift)
        {
            double At(double along)
            {
                Plain[] moved = [.. inputs];
                foreach (int k in which)
                {
                    moved[k] = inputs[k].Clone();
                    for (int i = 0; i < moved[k].Values.Length; i++)
                    {
                        moved[k].Values[i] += along * directions[k][i];
                    }
                }
                moved[input].Values[at] += shift;
                return WeightedSum(row, moved, weights);
            }
            return (At(Along) - At(-Along)) / (2 * Along);
        }
        return (Slope(Along) - Slope(-Along)) / (2 * Along);
    }

    private static CaseResult Result(OpCase row, string property, Device device, double error, double tolerance, string reason)
    {
        bool passed = error <= tolerance;
        return new CaseResult(row.Name, property, device.Name, passed, error, tolerance, passed ? "" : $"{reason} (seed {row.Seed})");
    }
}
