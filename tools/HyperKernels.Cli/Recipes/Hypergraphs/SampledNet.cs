using HyperKernels.Layers;
using HyperKernels.Models;

namespace HyperKernels.Cli.Recipes;

/// <summary>Two convolutions on what a sampler drew, hop by hop.</summary>
internal sealed class SampledNet : Layer
{
    public const int Hops = 2;
    private const int Hidden = 32;

    private readonly Func<int, Tensor, Hypergraph, Tensor> _convolve;

    private SampledNet(Layer first, Layer second, Func<int, Tensor, Hypergraph, Tensor> convolve)
    {
        Add("first", first);
        Add("second", second);
        _convolve = convolve;
    }

    /// <summary>The names that <see cref="Make"/> knows.</summary>
    public static IReadOnlyList<string> Names { get; } = ["hgnn", "unisage"];

    /// <summary>Makes a network.</summary>
    /// <exception cref="UsageException">There is none of that name.</exception>
    public static SampledNet Make(string name, int features, int classes, RandomStream random)
    {
        switch (name)
        {
            case "hgnn":
                HypergraphConv first = new(features, Hidden, random: random), second = new(Hidden, classes, random: random);
                return new SampledNet(first, second, (layer, x, hop) => layer == 0 ? Ops.Relu(first.Forward(x, hop)) : second.Forward(x, hop));
            case "unisage":
                UniSageConv one = new(features, Hidden, second: SetAggregation.Mean, random: random), two = new(Hidden, classes, second: SetAggregation.Mean, random: random);
                return new SampledNet(one, two, (layer, x, hop) => layer == 0 ? Ops.Relu(one.Forward(x, hop)) : two.Forward(x, hop));
            default:
                throw new UsageException($"--model must be one of {string.Join(", ", Names)}; got \"{name}\".");
        }
    }

    /// <summary>Logits of the seeds.</summary>
    /// <param name="drawn">As many hops as there are convolutions.</param>
    /// <param name="rows">The features of its outermost nodes.</param>
    public Tensor Forward(SampledHypergraph drawn, Tensor rows) => drawn.ForwardRows(rows, _convolve);

    /// <summary>The loss of a batch.</summary>
    public Tensor Loss(SampledHypergraph drawn, Tensor rows, ReadOnlySpan<int> labels) =>
        Ops.CrossEntropy(Forward(drawn, rows), Tensor.From(labels, [labels.Length], rows.Device));
}
