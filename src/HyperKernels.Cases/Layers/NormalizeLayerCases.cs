using HyperKernels.Layers;
using static HyperKernels.Cases.LayerCases;

namespace HyperKernels.Cases;

/// <summary>Layer, RMS, group and batch norm; the latter while it trains, while it does not, and its running statistics.</summary>
internal static class NormalizeLayerCases
{
    private const float Epsilon = 1e-5f;

    public static IEnumerable<LayerCase> All => [.. Trailing, .. Groups, .. Batches];

    private static IEnumerable<LayerCase> Trailing
    {
        get
        {
            foreach ((Shape x, int axes, float epsilon, bool affine) in new (Shape, int, float, bool)[]
            {
                ([6, 7], 1, Epsilon, true), ([4, 2, 3, 4], 2, 0.3f, true), ([5, 67], 1, Epsilon, false), ([0, 5], 1, Epsilon, true),
                ([270, 3], 1, Epsilon, true),
            })
            {
                Shape normalized = new(x.AsSpan()[^axes..]);
                int length = (int)normalized.Count;
                string sizes = $"X={x} axes={normalized} epsilon={epsilon}{(affine ? "" : " no gain")}";
                // Blocks of samples with one gain each must not be empty.
                bool sets = affine && x[0] is > 1 and < 10;
                yield return Row(
                    sizes, _ => new LayerNorm(normalized, epsilon, affine), CaseInput.Normal("x", x),
                    p => PlainLayers.Scale(Normalize(p, length, epsilon), p.Find("weight"), p.Find("bias")), sets, twice: sets);
                yield return Row(
                    sizes, _ => new RmsNorm(normalized, epsilon, affine), CaseInput.Normal("x", x),
                    p => PlainLayers.Scale(Normalize(p, length, epsilon, centred: false), p.Find("weight"), null), sets, twice: sets);
            }
        }
    }

    private static IEnumerable<LayerCase> Groups
    {
        get
        {
            foreach ((Shape x, int groups, float epsilon, bool affine) in new (Shape, int, float, bool)[]
            {
                ([4, 4, 5], 2, Epsilon, true), ([6, 6], 3, 0.3f, true), ([2, 3, 4, 5], 1, Epsilon, false),
            })
            {
                int positions = (int)(x.Count / x[0] / x[1]);
                int length = positions * x[1] / groups;
                yield return Row(
                    $"X={x} groups={groups} epsilon={epsilon}{(affine ? "" : " no gain")}", _ => new GroupNorm(groups, x[1], epsilon, affine),
                    CaseInput.Normal("x", x),
                    p => PlainLayers.Scale(Normalize(p, length, epsilon), p.Find("weight"), p.Find("bias"), positions),
                    sets: affine, twice: affine);
            }
        }
    }

    private static IEnumerable<LayerCase> Batches
    {
        get
        {
            foreach ((Shape x, bool affine) in new (Shape, bool)[] { ([7, 3], true), ([4, 3, 5], true), ([2, 5, 3, 3], false), ([270, 2], true) })
            {
                int positions = (int)(x.Count / x[0] / x[1]);
                string sizes = $"X={x}{(affine ? "" : " no gain")}";
                yield return Row(
                    sizes, _ => new BatchNorm(x[1], Epsilon, affine: affine), CaseInput.Normal("x", x),
                    p => PlainLayers.Scale(
                        PlainOps.Normalize(p.Input(0), x[1], i => i / positions % x[1], Epsilon), p.Find("weight"), p.Find("bias"), positions),
                    twice: x.Count < 100);
                yield return Row(
                    $"{sizes} evaluating", _ => DenseLayerCases.Evaluating(new BatchNorm(x[1], Epsilon, affine: affine)), [CaseInput.Normal("x", x)],
                    (layer, v) => layer.Forward(v[0]),
                    p => PlainLayers.Scale(
                        Indexing.Map(p.Input(0).Shape, i => (p.Input(0)[i] - Mean(i / positions % x[1])) / Math.Sqrt(Variance(i / positions % x[1]) + Epsilon)),
                        p.Find("weight"), p.Find("bias"), positions),
                    sets: affine && x[0] < 10, prepare: SetStatistics);
            }
            yield return Row(
                "X=[4, 3, 5] statistics after two batches", _ => new BatchNorm(3, momentum: 0.25f, affine: false),
                [CaseInput.Normal("first", [4, 3, 5], differentiable: false), CaseInput.Normal("second", [4, 3, 5], differentiable: false)],
                (layer, x) =>
                {
                    layer.Forward(x[0]);
                    layer.Forward(x[1]);
                    return Ops.Concatenate(0, layer.RunningMean, layer.RunningVariance);
                },
                Statistics, notStored: "every run moves the statistics");
        }
    }

    // The input in consecutive stretches of one length, each by itself.
    private static Plain Normalize(LayerArguments p, int length, float epsilon, bool centred = true) =>
        PlainOps.Normalize(p.Input(0), p.Input(0).Values.Length / length, i => i / length, epsilon, centred);

    private static float Mean(int channel) => 0.5f - channel;

    private static float Variance(int channel) => 0.25f + channel;

    private static void SetStatistics(BatchNorm layer)
    {
        layer.RunningMean.CopyFrom([.. Enumerable.Range(0, layer.Channels).Select(Mean)]);
        layer.RunningVariance.CopyFrom([.. Enumerable.Range(0, layer.Channels).Select(Variance)]);
    }

    // They begin at 0 and 1, and move a quarter of the way to each batch's mean and unbiased variance.
    private static Plain Statistics(LayerArguments p)
    {
        Plain statistics = new([6], [0, 0, 0, 1, 1, 1]);
        foreach (Plain x in new[] { p.Input(0), p.Input(1) })
        {
            for (int channel = 0; channel < 3; channel++)
            {
                double[] values = [.. Enumerable.Range(0, 60).Where(i => i / 5 % 3 == channel).Select(i => x[i])];
                double mean = values.Average();
                double variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1);
                statistics[channel] += 0.25 * (mean - statistics[channel]);
                statistics[3 + channel] += 0.25 * (variance - statistics[3 + channel]);
            }
        }
        return statistics;
    }
}
