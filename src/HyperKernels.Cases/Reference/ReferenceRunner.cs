using System.Globalization;
using System.Text.RegularExpressions;
using HyperKernels.Models;

namespace HyperKernels.Cases;

/// <summary>Runs reference cases and compares every output and gradient.</summary>
public static partial class ReferenceRunner
{
    private const string Loss = "loss";

    /// <summary>Begins the names of averages over the reference's own random draws: compared within a tenth, and only where they are given.</summary>
    private const string Measured = "measured_";
    private const double MeasuredTolerance = 0.1;

    // Gradients that vanish in theory are stored as computed in double precision: around 1e-17.
    private const double Vanishing = 1e-12;

    /// <summary>Runs every case in a folder and those inside it, one after the other as the results are asked for.</summary>
    /// <param name="folder">Holds <c>.safetensors</c> files.</param>
    /// <param name="device">Where to compute.</param>
    /// <param name="filter">Only cases whose file, case, system or published title contains this; null or empty for all.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IEnumerable<ReferenceResult> RunFolder(string folder, Device device, string? filter = null) =>
        Files(folder).Where(path => string.IsNullOrEmpty(filter) || Matches(path, filter)).Select(path => Run(path, device));

    /// <summary>The case files in a folder and those inside it, by name.</summary>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    public static IReadOnlyList<string> Files(string folder) =>
        [.. Directory.EnumerateFiles(folder, "*.safetensors", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    /// <summary>Runs one case. Never throws: what went wrong is the result's reason.</summary>
    /// <param name="path">The file.</param>
    /// <param name="device">Where to compute.</param>
    public static ReferenceResult Run(string path, Device device)
    {
        ReferenceCase source;
        try
        {
            source = ReferenceCase.Open(path);
        }
        catch (Exception failure)
        {
            return new ReferenceResult(Path.GetFileNameWithoutExtension(path), "", device.Name, false, double.PositiveInfinity, 0, failure.Message);
        }
        IReferenceSystem? system = ReferenceSystems.Find(source.SystemName);
        if (system is null)
        {
            return new ReferenceResult(source.Name, source.SystemName, device.Name, false, 0, source.Tolerance, "unsupported");
        }
        try
        {
            return Run(source, system, device);
        }
        catch (Exception failure)
        {
            string reason = $"{failure.GetType().Name}: {failure.Message}";
            return new ReferenceResult(source.Name, source.SystemName, device.Name, false, double.PositiveInfinity, source.Tolerance, reason);
        }
    }

    private static ReferenceResult Run(ReferenceCase source, IReferenceSystem system, Device device)
    {
        using DeviceUse use = Device.Use(device);
        using Tape tape = new();
        using ReferenceRun run = new(source, device, tape);
        IReadOnlyDictionary<string, Tensor> outputs = system.Run(run);
        Worst worst = new(source.Tolerance);
        foreach ((string name, ReferenceTensor expected) in source.All("out."))
        {
            if (name == Loss)
            {
                CompareLoss(source, outputs, expected, worst);
            }
            else if (outputs.TryGetValue(name, out Tensor actual))
            {
                CompareOutput(name, expected, actual, worst);
            }
            else if (!name.StartsWith(Measured, StringComparison.Ordinal))
            {
                worst.Fail($"out.{name} was not computed");
            }
        }
        CompareGradients(source, run, tape, outputs, worst);
        if (worst.Compared == 0)
        {
            worst.Fail("nothing was compared: the case holds no out.* or grad.* that its system computes");
        }
        return new ReferenceResult(source.Name, source.SystemName, device.Name, worst.Reason.Length == 0, worst.Error, worst.Tolerance, worst.Reason);
    }

    private static void CompareOutput(string name, ReferenceTensor expected, Tensor actual, Worst worst)
    {
        if (actual.Shape != expected.Shape && (actual.Count != 1 || expected.Values.Length != 1))
        {
            worst.Fail($"out.{name} must be {expected.Shape}; it is {actual.Shape}");
            return;
        }
        float[] values = actual.ElementType == ElementType.Float32 ? actual.ToArray() : [];
        if (expected.IsInteger)
        {
            double[] whole = values.Length > 0 ? Array.ConvertAll(values, value => (double)value) : Array.ConvertAll(actual.ToIntArray(), value => (double)value);
            worst.Exact();
            int at = whole.AsSpan().CommonPrefixLength(expected.Values);
            if (at < whole.Length)
            {
                worst.Fail(string.Create(CultureInfo.InvariantCulture, $"out.{name}, index {at}: expected {expected.Values[at]}, got {whole[at]}"));
            }
            return;
        }
        bool loose = name.StartsWith(Measured, StringComparison.Ordinal);
        (double error, string where) = Comparison.Largest(expected.Values, values, expected.Largest > Vanishing ? expected.Largest : 1);
        worst.Add($"out.{name}", loose ? error * worst.Tolerance / MeasuredTolerance : error, where);
    }

    // In double precision from the outputs: what is checked is the outputs, not how one would add up a loss.
    private static void CompareLoss(ReferenceCase source, IReadOnlyDictionary<string, Tensor> outputs, ReferenceTensor expected, Worst worst)
    {
        double loss = 0;
        double largest = Math.Abs(expected.Values[0]);
        foreach ((string name, Tensor output, ReferenceTensor? weights) in LossTerms(source, outputs))
        {
            float[] values = output.ToArray();
            for (int i = 0; i < values.Length; i++)
            {
                double term = values[i] * (weights is null ? 1 : weights.Values[i]);
                loss += term;
                largest = Math.Max(largest, Math.Abs(term));
            }
        }
        // A sum that nearly cancels is as exact as its largest term allows.
        (double error, string where) = Comparison.Largest(expected.Values, [(float)loss], largest);
        worst.Add("out.loss", error, where);
    }

    private static void CompareGradients(
        ReferenceCase source, ReferenceRun run, Tape tape, IReadOnlyDictionary<string, Tensor> outputs, Worst worst)
    {
        (string Name, ReferenceTensor Tensor)[] expected = [.. source.All("grad.")];
        if (expected.Length == 0)
        {
            return;
        }
        Tensor loss = Tensor.Zeros([], run.Device);
        foreach ((string name, Tensor output, ReferenceTensor? weights) in LossTerms(source, outputs))
        {
            loss = Ops.Add(loss, Ops.Sum(weights is null ? output : Ops.Multiply(output, weights.To(run.Device))));
        }
        tape.Backward(loss);
        double largest = expected.Max(pair => pair.Tensor.Largest);
        foreach ((string name, ReferenceTensor gradient) in expected)
        {
            // What took no part has no gradient, and files store zeros for it.
            float[] actual = run.Tensors.TryGetValue(name, out Tensor tensor) && tape.TryGetGradient(tensor, out Tensor found)
                ? found.ToArray()
                : new float[gradient.Values.Length];
            double scale = gradient.Largest > Vanishing ? gradient.Largest : Math.Max(1, largest);
            (double error, string where) = Comparison.Largest(gradient.Values, actual, scale);
            worst.Add($"grad.{name}", error, where);
        }
    }

    /// <summary>
    /// The outputs that the loss is made of, with their weights: what the system itself gives as the loss; else every output that has weights, and those that the
    /// case's words for the loss name besides (<c>out.aux + ...</c>).
    /// </summary>
    private static IEnumerable<(string Name, Tensor Output, ReferenceTensor? Weights)> LossTerms(
        ReferenceCase source, IReadOnlyDictionary<string, Tensor> outputs)
    {
        if (outputs.TryGetValue(Loss, out Tensor given))
        {
            yield return (Loss, given, null);
            yield break;
        }
        Dictionary<string, ReferenceTensor> weights = source.All("in.cot.").ToDictionary(static pair => pair.Name, static pair => pair.Tensor);
        IEnumerable<string> named = OutputName().Matches(source.Loss).Select(static match => match.Groups[1].Value);
        foreach (string name in weights.Keys.Union(named))
        {
            if (outputs.TryGetValue(name, out Tensor output))
            {
                yield return (name, output, weights.GetValueOrDefault(name));
            }
        }
    }

    [GeneratedRegex(@"out\.([A-Za-z0-9_]+)", RegexOptions.CultureInvariant)]
    private static partial Regex OutputName();

    private static bool Matches(string path, string filter)
    {
        if (Path.GetFileNameWithoutExtension(path).Contains(filter, StringComparison.OrdinalIgnoreCase))
        {
            return true;
        }
        try
        {
            ReferenceCase source = ReferenceCase.Open(path);
            PublishedSystem? published = PublishedSystems.OfCases(source.SystemName);
            string?[] names = [source.Name, source.SystemName, published?.Name, published?.Title];
            return names.Any(name => name?.Contains(filter, StringComparison.OrdinalIgnoreCase) ?? false);
        }
        catch (Exception failure) when (failure is IOException or InvalidDataException)
        {
            // A broken file is reported when everything is run, not when other cases are asked for.
            return false;
        }
    }

    private sealed class Worst(double tolerance)
    {
        public double Tolerance { get; } = tolerance;

        public double Error { get; private set; }

        public string Reason { get; private set; } = "";

        public int Compared { get; private set; }

        public void Add(string what, double error, string where)
        {
            if (!(error <= Tolerance) && (Reason.Length == 0 || error > Error))
            {
                Reason = string.Create(CultureInfo.InvariantCulture, $"{what}: error {error:G3}, {where}");
            }
            Compared++;
            Error = double.IsNaN(error) ? double.PositiveInfinity : Math.Max(Error, error);
        }

        /// <summary>Counts what was compared by other means than an error.</summary>
        public void Exact() => Compared++;

        public void Fail(string reason)
        {
            Compared++;
            Reason = reason;
            Error = double.PositiveInfinity;
        }
    }
}
