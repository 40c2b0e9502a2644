using System.Text.Json;
using HyperKernels.Layers;

namespace HyperKernels.Cases;

/// <summary>Variances and bounds that hyperfan initialisation gives the heads of a hypernetwork, and what draws within them come to.</summary>
public sealed class HyperfanSystem : IReferenceSystem
{
    // Enough that the variance of the draws for the shortest bias is within a few percent.
    private const int Draws = 40;

    /// <inheritdoc/>
    public string Name => "hyperfan initialisation";

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Run(ReferenceRun run)
    {
        int[] hidden = Integers(run.Case.Config.GetProperty("hidden"));
        int[] widths = [run.Case.Int("embedding"), .. hidden];
        bool relu = !run.Case.Flag("xavier");
        double inputVariance = run.Case.Number("input_variance");
        Shape[] targets = Targets(run.Case);
        double[] variances = Hyperfan.HeadVariances(Mode(run.Case), targets, hidden[^1], inputVariance, relu);
        return new Dictionary<string, Tensor>
        {
            ["head_variance"] = Vector(run, variances),
            ["head_bound"] = Vector(run, variances.Select(Hyperfan.Bound)),
            ["generated_variance"] = Vector(run, variances.Select(variance => variance * hidden[^1] * inputVariance)),
            ["hidden_bound"] = Vector(run, widths[..^1].Select(width => Hyperfan.HiddenBound(width, relu))),
            ["measured_head_variance"] = Vector(run, variances.Select((variance, i) => Measure(variance, [checked((int)targets[i].Count), hidden[^1]]))),
        };
    }

    internal static FanMode Mode(ReferenceCase source) => source.Text("method") switch
    {
        "in" => FanMode.In,
        "out" => FanMode.Out,
        string other => throw new InvalidDataException($"{source.Path}: method must be \"in\" or \"out\"; it is \"{other}\"."),
    };

    internal static Shape[] Targets(ReferenceCase source) =>
        [.. source.Config.GetProperty("target_tensors").EnumerateArray().Select(static sizes => new Shape(Integers(sizes)))];

    internal static Tensor Vector(ReferenceRun run, IEnumerable<double> values)
    {
        float[] single = [.. values.Select(static value => (float)value)];
        return Tensor.From(single, [single.Length], run.Device);
    }

    private static int[] Integers(JsonElement list) => [.. list.EnumerateArray().Select(static size => size.GetInt32())];

    private static double Measure(double variance, Shape head)
    {
        float bound = (float)Hyperfan.Bound(variance);
        Initializer initializer = Initializer.Uniform(-bound, bound);
        RandomStream random = new(1);
        float[] values = new float[checked((int)head.Count)];
        double sum = 0;
        for (int draw = 0; draw < Draws; draw++)
        {
            initializer.Fill(values, head, random);
            sum += values.Average(static value => (double)value * value);
        }
        return sum / Draws;
    }
}
