namespace HyperKernels.Models;

/// <summary>
/// What the expected log likelihood is weighed against in a variational bound: <c>(log q(theta) - log p(theta)) / N</c>, an estimate from draws of the
/// divergence of a flow's distribution from a normal prior.
/// </summary>
/// <remarks>Source: Krueger and others, arXiv 1710.04759, equation 2.</remarks>
public sealed class FlowRegulariser
{
    /// <summary>Sets the prior.</summary>
    /// <param name="samples">N, the size of the training set, where the loss is the mean over its samples.</param>
    /// <param name="precision">One over the prior's variance.</param>
    /// <param name="mean">The prior's mean.</param>
    /// <exception cref="ArgumentException">samples is below 1, or the precision not positive.</exception>
    public FlowRegulariser(long samples, float precision = 1, float mean = 0)
    {
        if (samples < 1 || !(precision > 0))
        {
            throw new ArgumentException($"FlowRegulariser: samples must be at least 1 and the precision positive; got {samples} and {precision}.");
        }
        Samples = samples;
        Precision = precision;
        Mean = mean;
    }

    /// <summary>N.</summary>
    public long Samples { get; }

    /// <summary>One over the prior's variance.</summary>
    public float Precision { get; }

    /// <summary>The prior's mean.</summary>
    public float Mean { get; }

    /// <summary>The term of the loss, averaged over draws.</summary>
    /// <param name="flow">The generator.</param>
    /// <param name="noise"><c>[C, D]</c>: the noise that the network runs with in the same step.</param>
    /// <returns>A scalar.</returns>
    public Tensor Loss(Flow flow, Tensor noise)
    {
        ArgumentNullException.ThrowIfNull(flow);
        (Tensor values, Tensor logDensity) = flow.Sample(noise);
        return Ops.MultiplyScalar(Ops.Mean(Ops.Subtract(logDensity, Flow.LogNormal(values, Mean, Precision))), 1f / Samples);
    }
}
