using HyperKernels.Backends;

namespace HyperKernels.Cases;

/// <summary>The properties that every case must have on every backend.</summary>
public static class Conformance
{
    // Elements of each input whose derivative is compared with differences; the rest would only repeat the same code.
    private const int GradientSamples = 24;

    // Opened when they are asked for: a check on the processor does not wait for a graphics driver.
    private static readonly Lazy<IReadOnlyList<Device>> s_devices = new(OpenDevices);

    /// <summary>The processor at every vector width it has, scalar code included, the widest first.</summary>
    public static IReadOnlyList<Device> Processors { get; } =
        [Device.Cpu, .. BackendRegistry.Find(Device.Cpu.Name)!.OpenVariants().Select(variant => new Device(variant))];

    /// <summary>Every device that the catalogue is checked on: the processors and what else is on this machine.</summary>
    public static IReadOnlyList<Device> Devices => s_devices.Value;

    /// <summary>Arithmetic: the output against the oracle's.</summary>
    public static CaseResult Forward(FunctionCase row, Device device)
    {
        using MemoryScope scope = device.Scope();
        Plain[] arguments = row.MakeArguments();
        Plain expected = row.Answer(arguments);
        using CaseRun run = row.Start(arguments, device);
        Tensor output = run.Forward();
        if (output.Shape != expected.Shape)
        {
            return row.Result(CaseProperty.Forward, device, double.PositiveInfinity, row.Tolerance, $"shape: expected {expected.Shape}, got {output.Shape}");
        }
        (double error, string where) = Comparison.Largest(expected.Values, Floats(output));
        return row.Result(CaseProperty.Forward, device, error, row.Tolerance, where);
    }

    /// <summary>Rules: gradients of a randomly weighted sum of the output against central differences of the oracle.</summary>
    public static CaseResult Gradient(FunctionCase row, Device device)
    {
        Plain[] arguments = row.MakeArguments();
        Random random = new(row.Seed + 7919);
        double[] weights = Weights(random, row.Answer(arguments).Shape.Count);

        using Tape tape = new();
        using CaseRun run = row.Start(arguments, device);
        Tensor[] watched = Watch(row, run, tape);
        Tensor output = run.Forward();
        Tensor[] gradients = tape.Gradient(output, watched, ToTensor(weights, output.Shape, device));
        (double worst, string where) = Largest(
            row, gradients, random, 1e-3, (argument, at) => Differences.First(row, arguments, argument, at, weights));
        return row.Result(CaseProperty.Gradient, device, worst, row.GradientTolerance, $"gradient of {where}");
    }

    /// <summary>Rules of rules: the gradient of a weighted sum of the first gradient against mixed differences of the oracle.</summary>
    public static CaseResult SecondGradient(FunctionCase row, Device device)
    {
        Plain[] arguments = row.MakeArguments();
        Random random = new(row.Seed + 104729);
        double[] weights = Weights(random, row.Answer(arguments).Shape.Count);
        double[]?[] directions = [.. row.Arguments.Select(argument => argument.Differentiable ? Weights(random, argument.Shape.Count) : null)];

        using Tape tape = new();
        using CaseRun run = row.Start(arguments, device);
        Tensor[] watched = Watch(row, run, tape);
        Tensor output = run.Forward();
        Tensor[] first = tape.Gradient(output, watched, ToTensor(weights, output.Shape, device), differentiable: true);
        Tensor sum = Tensor.Zeros([], device);
        foreach ((Tensor gradient, double[]? direction) in first.Zip(directions.Where(direction => direction is not null)))
        {
            sum = Ops.Add(sum, Ops.Sum(Ops.Multiply(gradient, ToTensor(direction!, gradient.Shape, device))));
        }
        Tensor[] second = tape.Tracks(sum) ? tape.Gradient(sum, watched) : [.. watched.Select(w => Tensor.Zeros(w.Shape, device))];
        (double worst, string where) = Largest(
            row, second, random, 1e-2, (argument, at) => Differences.Mixed(row, arguments, directions, argument, at, weights));
        return row.Result(CaseProperty.SecondGradient, device, worst, row.GradientTolerance * 10, $"second gradient by {where}");
    }

    /// <summary>Stray writes and use of memory that was not set: guard zones and NaN in fresh buffers.</summary>
    public static CaseResult StaysInItsBuffers(FunctionCase row, Device device) =>
        StaysInItsBuffers(row, device, on => Everything(row, on), What);

    /// <summary>Races and unordered sums: outputs and gradients are the same bits on a rerun and for one thread and several.</summary>
    public static CaseResult RepeatsBitForBit(FunctionCase row, Device device) =>
        RepeatsBitForBit(row, device, () => Everything(row, device), What);

    /// <summary>As <see cref="StaysInItsBuffers(FunctionCase, Device)"/>, for anything that computes arrays.</summary>
    /// <param name="row">The row.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="compute">Everything that the row computes on a device.</param>
    /// <param name="name">What the result of a place is called.</param>
    internal static CaseResult StaysInItsBuffers(CatalogueCase row, Device device, Func<Device, IReadOnlyList<float[]>> compute, Func<int, string> name)
    {
        // A pool of its own: guards change how memory is handed out.
        using Device guarded = new(device.Backend, shared: true);
        guarded.Memory.Guarded = true;
        try
        {
            // What other properties compare with the oracle must come out again: a NaN that was read would show.
            int differing = FirstDifference(compute(device), compute(guarded));
            return differing < 0
                ? row.Result(CaseProperty.Guards, device, 0, 0, "")
                : row.Result(CaseProperty.Guards, device, double.PositiveInfinity, 0, $"fresh memory that was not set was used in {name(differing)}");
        }
        catch (DeviceException failure)
        {
            return row.Result(CaseProperty.Guards, device, double.PositiveInfinity, 0, failure.Message);
        }
    }

    /// <summary>As <see cref="RepeatsBitForBit(FunctionCase, Device)"/>, for anything that computes arrays.</summary>
    /// <param name="row">The row.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="compute">Everything that the row computes there.</param>
    /// <param name="name">What the result of a place is called.</param>
    internal static CaseResult RepeatsBitForBit(CatalogueCase row, Device device, Func<IReadOnlyList<float[]>> compute, Func<int, string> name)
    {
        IReadOnlyList<float[]> once = compute();
        IReadOnlyList<float[]> again = compute();
        int threads = device.Threads;
        IReadOnlyList<float[]> alone;
        device.Threads = threads == 1 ? 2 : 1;
        try
        {
            alone = compute();
        }
        finally
        {
            device.Threads = threads;
        }
        int rerun = FirstDifference(once, again);
        int differing = rerun >= 0 ? rerun : FirstDifference(once, alone);
        string what = rerun >= 0 ? "a rerun" : "another thread count";
        return differing < 0
            ? row.Result(CaseProperty.Repeats, device, 0, 0, "")
            : row.Result(CaseProperty.Repeats, device, double.PositiveInfinity, 0, $"{what} gave other bits in {name(differing)}");
    }

    /// <summary>The place of the first arrays that are not the same bits, or -1.</summary>
    internal static int FirstDifference(IReadOnlyList<float[]> a, IReadOnlyList<float[]> b) =>
        a.Count != b.Count ? Math.Min(a.Count, b.Count) : a.Zip(b, SameBits).ToList().IndexOf(false);

    // How the results of Everything are called.
    private static string What(int result) => result == 0 ? "the output" : $"gradient {result - 1}";

    private static List<float[]> Everything(FunctionCase row, Device device)
    {
        using Tape tape = new();
        using CaseRun run = row.Start(row.MakeArguments(), device);
        Tensor[] watched = Watch(row, run, tape);
        Tensor output = run.Forward();
        List<float[]> results = [Floats(output)];
        if (watched.Length > 0)
        {
            double[] weights = Weights(new Random(row.Seed + 7919), output.Count);
            results.AddRange(tape.Gradient(output, watched, ToTensor(weights, output.Shape, device)).Select(g => g.ToArray()));
        }
        return results;
    }

    private static Tensor[] Watch(FunctionCase row, CaseRun run, Tape tape) =>
        [.. run.Arguments.Where((_, i) => row.Arguments[i].Differentiable).Select(tape.Watch)];

    // The largest error among sampled elements of the gradients of all differentiable arguments.
    private static (double Error, string Where) Largest(
        FunctionCase row, Tensor[] gradients, Random random, double least, Func<int, int, double> difference)
    {
        double worst = 0;
        string reason = "";
        int next = 0;
        for (int i = 0; i < row.Arguments.Count; i++)
        {
            if (!row.Arguments[i].Differentiable)
            {
                continue;
            }
            float[] gradient = gradients[next++].ToArray();
            int[] samples = Samples(random, gradient.Length);
            double[] expected = [.. samples.Select(at => difference(i, at))];
            float[] actual = [.. samples.Select(at => gradient[at])];
            // The scale is that of the whole gradient: a sampled element may happen to be tiny.
            double floor = gradient.Length == 0 ? 1 : Math.Max(least, gradient.Max(MathF.Abs));
            (double error, string where) = Comparison.Largest(expected, actual, floor);
            if (error > worst || double.IsNaN(error))
            {
                worst = error;
                reason = $"{row.Arguments[i].Name}, sample {where}";
            }
        }
        return (worst, reason);
    }

    /// <summary>Whether all values are the same bits.</summary>
    internal static bool SameBits(float[] a, float[] b) =>
        System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(a).SequenceEqual(System.Runtime.InteropServices.MemoryMarshal.AsBytes<float>(b));

    private static float[] Floats(Tensor output) =>
        output.ElementType == ElementType.Float32 ? output.ToArray() : Array.ConvertAll(output.ToIntArray(), v => (float)v);

    private static Tensor ToTensor(double[] values, Shape shape, Device device) => Tensor.From(Array.ConvertAll(values, v => (float)v), shape, device);

    private static double[] Weights(Random random, long count)
    {
        double[] weights = new double[count];
        for (int i = 0; i < weights.Length; i++)
        {
            weights[i] = (float)((random.NextDouble() * 2) - 1);
        }
        return weights;
    }

    private static IReadOnlyList<Device> OpenDevices() =>
        [.. Processors, .. Device.All.Where(status => status.IsAvailable && status.Name != Device.Cpu.Name).Select(status => Device.Get(status.Name))];

    private static int[] Samples(Random random, int count) =>
        count <= GradientSamples ? [.. Enumerable.Range(0, count)] : [.. Enumerable.Range(0, GradientSamples).Select(_ => random.Next(count))];
}
